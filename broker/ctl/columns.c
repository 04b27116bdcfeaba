/* SPDX-License-Identifier: GPL-3.0-or-later */
/* columns: see columns.h. */
#include "columns.h"

/* clang-format off: tables */

const Column image_columns[] = {
	{"NAME", "name"},
	{"VERSION", "version", COLUMN_NUMBER},
	{"ADDED", "added_at", COLUMN_SECONDS},
	{"MEMORY", "memory", COLUMN_NUMBER},
	{"CPUS", "cpus", COLUMN_NUMBER},
	{"VIDEO", "video"},
	{"NETWORK", "network"},
	{"DISK", "disk"},
	{"KERNEL", "kernel"},
	{"XML", "xml"},
	{NULL},
};

const Column pool_columns[] = {
	{"NAME", "name"},
	{"KIND", "kind"},
	{"IMAGE", "image"},
	{"VERSION", "version", COLUMN_NUMBER},
	{"PROVIDER", "provider"},
	{"URI", "uri"},
	{"HYPERVISOR", "hypervisor"},
	{"TOTAL", "total", COLUMN_NUMBER},
	{"BUSY", "busy", COLUMN_NUMBER},
	{"STALE", "stale", COLUMN_NUMBER},
	{"MAX", "max", COLUMN_NUMBER},
	{"SPARE", "spare", COLUMN_NUMBER},
	{NULL},
};

const Column plan_columns[] = {
	{"POOL", "pool"},
	{"DISCONNECT", "disconnect"},
	{"AFTER", "disconnect_after", COLUMN_NUMBER},
	{"IDLE", "idle"},
	{"AFTER", "idle_after", COLUMN_NUMBER},
	{"LOGOUT", "logout"},
	{"AFTER", "logout_after", COLUMN_NUMBER},
	{"LENGTH", "length", COLUMN_NUMBER},
	{"WARN", "warn", COLUMN_NUMBER},
	{"EXTEND", "extend", COLUMN_NUMBER},
	{"SNAPSHOTS", "snapshots", COLUMN_NUMBER},
	{NULL},
};

const Column host_columns[] = {
	{"NAME", "name"},
	{"PROVIDER", "provider"},
	{"URI", "uri"},
	{"STATE", "state"},
	{"DESKTOPS", "desktops", COLUMN_NUMBER},
	{"CPUS", "cpus", COLUMN_NUMBER},
	{"PROMISED", "used_cpus", COLUMN_NUMBER},
	{"MEMORY", "memory", COLUMN_NUMBER},
	{"PROMISED", "used_memory", COLUMN_NUMBER},
	{"STORAGE", "storage"},
	{"HYPERVISOR", "hypervisor"},
	{"CAN", "can"},
	{"DETAIL", "detail"},
	{NULL},
};

const Column machine_columns[] = {
	{"ID", "id"},
	{"NAME", "name"},
	{"POOL", "pool"},
	{"PROTOCOL", "protocol"},
	{"ADDRESS", "address"},
	{"STATE", "state"},
	{"OWNER", "owner"},
	{"DETAIL", "detail"},
	{NULL},
};

const Column entitlement_columns[] = {
	{"POOL", "pool"},
	{"USER", "user"},
	{"GROUP", "group"},
	{NULL},
};

const Column quota_columns[] = {
	{"KIND", "kind"},
	{"NAME", "name"},
	{"DESKTOPS", "desktops", COLUMN_NUMBER},
	{"SESSIONS", "sessions", COLUMN_NUMBER},
	{"MEMORY", "memory", COLUMN_NUMBER},
	{"CPUS", "cpus", COLUMN_NUMBER},
	{NULL},
};

const Column maintenance_columns[] = {
	{"KIND", "kind"},
	{"NAME", "name"},
	{"SINCE", "since", COLUMN_SECONDS},
	{"SESSIONS", "sessions", COLUMN_NUMBER},
	{"WORDS", "words"},
	{NULL},
};

const Column desktop_columns[] = {
	{"ID", "id"},         {"NAME", "name"},
	{"POOL", "pool"},     {"KIND", "kind"},
	{"STATE", "state"},   {"OWNER", "owner"},
	{"IMAGE", "image"},   {"VERSION", "version", COLUMN_NUMBER},
	{"MAC", "mac"},       {"LAST USED", "last_used", COLUMN_SECONDS},
	{"DETAIL", "detail"}, {NULL},
};

const Column snapshot_columns[] = {
	{"ID", "id"},
	{"NAME", "name"},
	{"TAKEN", "taken_at", COLUMN_SECONDS},
	{NULL},
};

const Column session_columns[] = {
	{"ID", "id"},
	{"USER", "user"},
	{"DESKTOP", "desktop_name"},
	{"POOL", "pool"},
	{"PROTOCOL", "protocol"},
	{"VIA", "via"},
	{"FROM", "peer"},
	{"STATE", "state"},
	{"STARTED", "started_at", COLUMN_SECONDS},
	{"ENDED", "ended_at", COLUMN_SECONDS},
	{"IDLE", "idle", COLUMN_NUMBER},
	{"LINE US", "round_trip", COLUMN_NUMBER},
	{"IN", "bytes_in", COLUMN_BYTES},
	{"OUT", "bytes_out", COLUMN_BYTES},
	{"REASON", "reason"},
	{NULL},
};

const Column ban_columns[] = {
	{"USER", "user"},
	{"ADDRESS", "address"},
	{"UNTIL", "until", COLUMN_SECONDS},
	{"REFUSED", "failures", COLUMN_NUMBER},
	{"BY", "admin"},
	{"REASON", "reason"},
	{NULL},
};

const Column audit_columns[] = {
	{"ID", "id", COLUMN_NUMBER},
	{"TIME", "at", COLUMN_MILLISECONDS},
	{"EVENT", "event"},
	{"USER", "user"},
	{"FROM", "peer"},
	{"DESKTOP", "desktop_name"},
	{"SESSION", "session"},
	{"IN", "bytes_in", COLUMN_BYTES},
	{"OUT", "bytes_out", COLUMN_BYTES},
	{"DETAIL", "detail"},
	{NULL},
};
