/* SPDX-License-Identifier: GPL-3.0-or-later */
/* commands: the table of command.h. orielctl(1) describes the same rows. */
#include "command.h"

#define ADMIN "/api/v1/admin"

/* clang-format off: tables */

static const Column image_columns[] = {
	{"NAME", "name"},
	{"VERSION", "version", COLUMN_NUMBER},
	{"ADDED", "added_at", COLUMN_SECONDS},
	{"MEMORY", "memory", COLUMN_NUMBER},
	{"CPUS", "cpus", COLUMN_NUMBER},
	{"VIDEO", "video"},
	{"DISK", "disk"},
	{"KERNEL", "kernel"},
	{"XML", "xml"},
	{NULL},
};

static const Column pool_columns[] = {
	{"NAME", "name"},
	{"KIND", "kind"},
	{"IMAGE", "image"},
	{"VERSION", "version", COLUMN_NUMBER},
	{"PROVIDER", "provider"},
	{"URI", "uri"},
	{"TOTAL", "total", COLUMN_NUMBER},
	{"BUSY", "busy", COLUMN_NUMBER},
	{"STALE", "stale", COLUMN_NUMBER},
	{"MAX", "max", COLUMN_NUMBER},
	{"SPARE", "spare", COLUMN_NUMBER},
	{NULL},
};

static const Column plan_columns[] = {
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
	{NULL},
};

static const Column host_columns[] = {
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
	{"DETAIL", "detail"},
	{NULL},
};

static const Column machine_columns[] = {
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

static const Column entitlement_columns[] = {
	{"POOL", "pool"},
	{"USER", "user"},
	{"GROUP", "group"},
	{NULL},
};

static const Column quota_columns[] = {
	{"KIND", "kind"},
	{"NAME", "name"},
	{"DESKTOPS", "desktops", COLUMN_NUMBER},
	{"SESSIONS", "sessions", COLUMN_NUMBER},
	{"MEMORY", "memory", COLUMN_NUMBER},
	{"CPUS", "cpus", COLUMN_NUMBER},
	{NULL},
};

static const Column desktop_columns[] = {
	{"ID", "id"},
	{"NAME", "name"},
	{"POOL", "pool"},
	{"KIND", "kind"},
	{"STATE", "state"},
	{"OWNER", "owner"},
	{"IMAGE", "image"},
	{"VERSION", "version", COLUMN_NUMBER},
	{"LAST USED", "last_used", COLUMN_SECONDS},
	{"DETAIL", "detail"},
	{NULL},
};

static const Column session_columns[] = {
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
	{"IN", "bytes_in", COLUMN_BYTES},
	{"OUT", "bytes_out", COLUMN_BYTES},
	{"REASON", "reason"},
	{NULL},
};

static const Column ban_columns[] = {
	{"USER", "user"},
	{"ADDRESS", "address"},
	{"UNTIL", "until", COLUMN_SECONDS},
	{"REFUSED", "failures", COLUMN_NUMBER},
	{"BY", "admin"},
	{"REASON", "reason"},
	{NULL},
};

static const Column audit_columns[] = {
	{"ID", "id", COLUMN_NUMBER},
	{"TIME", "at", COLUMN_MILLISECONDS},
	{"EVENT", "event"},
	{"USER", "user"},
	{"FROM", "peer"},
	{"DESKTOP", "desktop"},
	{"SESSION", "session"},
	{"IN", "bytes_in", COLUMN_BYTES},
	{"OUT", "bytes_out", COLUMN_BYTES},
	{"DETAIL", "detail"},
	{NULL},
};

#define LIST(words_, path_, columns_, help_)                                          \
	{                                                                             \
		.words = words_, .method = "GET", .path = ADMIN path_, .help = help_, \
		.columns = columns_                                                   \
	}
#define REMOVE(words_, path_, key_, help_)                                               \
	{                                                                                \
		.words = words_, .method = "DELETE", .path = ADMIN path_, .help = help_, \
		.arguments = {                                                           \
			key_                                                             \
		}                                                                        \
	}
#define ACT(action_, help_)                                                            \
	{                                                                              \
		.words = "desktop " action_, .method = "POST",                         \
		.path = ADMIN "/desktops/{id}/" action_, .help = help_, .arguments = { \
			"id"                                                           \
		}                                                                      \
	}

const Command commands[] = {
	{.words = "image add",
	 .method = "POST",
	 .path = ADMIN "/images",
	 .help = "Register a version of a golden image that desktops are made from",
	 .arguments = {"name"},
	 .options = {{"--disk", "disk", OPTION_PATH, "FILE"},
		     {"--kernel", "kernel", OPTION_PATH, "FILE"},
		     {"--initrd", "initrd", OPTION_PATH, "FILE"},
		     {"--cmdline", "cmdline", OPTION_TEXT, "TEXT"},
		     {"--memory", "memory", OPTION_NUMBER, "MIB"},
		     {"--cpus", "cpus", OPTION_NUMBER, "N"},
		     {"--video", "video", OPTION_TEXT, "std|qxl|virtio"},
		     {"--xml", "xml", OPTION_PATH, "FILE"},
		     {"--copy", "copy", OPTION_FLAG}}},
	LIST("image list", "/images", image_columns, "List the images and their versions"),
	LIST("images", "/images", image_columns, NULL),
	REMOVE("image remove", "/images/{name}", "name",
	       "Forget an image; files that were not copied stay"),

	{.words = "pool add",
	 .method = "POST",
	 .path = ADMIN "/pools",
	 .help = "Make a pool of desktops",
	 .arguments = {"name"},
	 .options = {{"--kind", "kind", OPTION_TEXT, "floating|dedicated|machines", TRUE},
		     {"--image", "image", OPTION_TEXT, "NAME"},
		     {"--version", "version", OPTION_NUMBER, "N"},
		     {"--provider", "provider", OPTION_TEXT, "qemu|libvirt|container"},
		     {"--uri", "uri", OPTION_TEXT, "URI"},
		     {"--max", "max", OPTION_NUMBER, "N"},
		     {"--spare", "spare", OPTION_NUMBER, "N"},
		     {"--instant", "instant", OPTION_FLAG}}},
	LIST("pool list", "/pools", pool_columns, "List the pools"),
	LIST("pools", "/pools", pool_columns, NULL),
	{.words = "pool publish",
	 .method = "POST",
	 .path = ADMIN "/pools/{name}/publish",
	 .help = "Let a pool go over to another version, by default the newest, or another image",
	 .arguments = {"name"},
	 .options = {{"--image", "image", OPTION_TEXT, "NAME"},
		     {"--version", "version", OPTION_NUMBER, "N"}}},
	{.words = "pool rollback",
	 .method = "POST",
	 .path = ADMIN "/pools/{name}/rollback",
	 .help = "Let a pool go back to what was published before",
	 .arguments = {"name"}},
	REMOVE("pool remove", "/pools/{name}", "name", "Remove a pool and destroy its desktops"),

	{.words = "pool plan",
	 .method = "POST",
	 .path = ADMIN "/pools/{name}/plan",
	 .help = "Say what becomes of the desktops of a pool when people have left them",
	 .arguments = {"name"},
	 .options = {{"--disconnect", "disconnect", OPTION_TEXT, "ACTION"},
		     {"--disconnect-after", "disconnect_after", OPTION_NUMBER, "SECONDS"},
		     {"--idle", "idle", OPTION_TEXT, "ACTION"},
		     {"--idle-after", "idle_after", OPTION_NUMBER, "SECONDS"},
		     {"--logout", "logout", OPTION_TEXT, "ACTION"},
		     {"--logout-after", "logout_after", OPTION_NUMBER, "SECONDS"},
		     {"--length", "length", OPTION_NUMBER, "SECONDS"},
		     {"--warn", "warn", OPTION_NUMBER, "SECONDS"},
		     {"--extend", "extend", OPTION_NUMBER, "SECONDS"}}},
	LIST("pool plans", "/plans", plan_columns, "List what becomes of them"),

	{.words = "pool hosts",
	 .method = "POST",
	 .path = ADMIN "/pools/{name}/hosts",
	 .help = "Say on which hosts a pool's new desktops go",
	 .arguments = {"name"},
	 .options = {{"--hosts", "hosts", OPTION_LIST, "NAME,NAME", TRUE},
		     {"--placement", "placement", OPTION_TEXT, "spread|pack"},
		     {"--apart", "apart", OPTION_NUMBER, "N"}}},

	{.words = "host add",
	 .method = "POST",
	 .path = ADMIN "/hosts",
	 .help = "Name a machine that desktops run on",
	 .arguments = {"name"},
	 .options = {{"--provider", "provider", OPTION_TEXT, "qemu|libvirt|container", TRUE},
		     {"--uri", "uri", OPTION_TEXT, "URI"},
		     {"--cpus", "cpus", OPTION_NUMBER, "N"},
		     {"--memory", "memory", OPTION_NUMBER, "MIB"},
		     {"--cpu-ratio", "cpu_ratio", OPTION_NUMBER, "PERCENT"},
		     {"--memory-ratio", "memory_ratio", OPTION_NUMBER, "PERCENT"},
		     {"--storage", "storage", OPTION_TEXT, "NAME"}}},
	LIST("host list", "/hosts", host_columns, "List the hosts and what they have promised"),
	LIST("hosts", "/hosts", host_columns, NULL),
	REMOVE("host remove", "/hosts/{name}", "name", "Forget a host on which nothing is any more"),
	{.words = "host drain",
	 .method = "POST",
	 .path = ADMIN "/hosts/{name}/drain",
	 .help = "Put nothing new on a host, and take away what nobody uses",
	 .arguments = {"name"}},
	{.words = "host resume",
	 .method = "POST",
	 .path = ADMIN "/hosts/{name}/resume",
	 .help = "Take that back",
	 .arguments = {"name"}},

	{.words = "machine add",
	 .method = "POST",
	 .path = ADMIN "/machines",
	 .help = "Add a computer that is there already to a pool of machines",
	 .arguments = {"pool", "name"},
	 .options = {{"--protocol", "protocol", OPTION_TEXT, "vnc|spice|rdp", TRUE},
		     {"--address", "address", OPTION_TEXT, "HOST:PORT|unix:PATH", TRUE},
		     {"--secret-file", "secret", OPTION_SECRET, "FILE"},
		     {"--power", "power", OPTION_TEXT, "wol:MAC|ipmi:USER@HOST|redfish:URL"},
		     {"--power-secret-file", "power_secret", OPTION_SECRET, "FILE"}}},
	{.words = "machine token",
	 .method = "POST",
	 .path = ADMIN "/machines/{id}/token",
	 .help = "Print a new token with which the machine says who sits at it",
	 .arguments = {"id"}},
	LIST("machine list", "/machines", machine_columns, "List the machines"),
	LIST("machines", "/machines", machine_columns, NULL),
	REMOVE("machine remove", "/machines/{id}", "id", "Take a machine out of its pool"),

	{.words = "entitle",
	 .method = "POST",
	 .path = ADMIN "/entitlements",
	 .help = "Let a user or a group have desktops of a pool",
	 .arguments = {"pool"},
	 .options = {{"--user", "user", OPTION_TEXT, "NAME"},
		     {"--group", "group", OPTION_TEXT, "NAME"}}},
	{.words = "unentitle",
	 .method = "DELETE",
	 .path = ADMIN "/entitlements",
	 .help = "Take that back",
	 .arguments = {"pool"},
	 .options = {{"--user", "user", OPTION_TEXT, "NAME"},
		     {"--group", "group", OPTION_TEXT, "NAME"}}},
	LIST("entitlements", "/entitlements", entitlement_columns, "List who may have what"),

	LIST("bans", "/bans", ban_columns, "List who has to wait before a login, and why"),
	{.words = "ban",
	 .method = "POST",
	 .path = ADMIN "/bans",
	 .help = "Let a user, or whoever comes from an address, not log in",
	 .options = {{"--user", "user", OPTION_TEXT, "NAME"},
		     {"--address", "address", OPTION_TEXT, "ADDRESS"},
		     {"--minutes", "minutes", OPTION_NUMBER, "N"},
		     {"--reason", "reason", OPTION_TEXT, "WORDS"}}},
	{.words = "unlock",
	 .method = "DELETE",
	 .path = ADMIN "/bans",
	 .help = "Lift bans and forget refused logins; with both, trust this user there",
	 .options = {{"--user", "user", OPTION_TEXT, "NAME"},
		     {"--address", "address", OPTION_TEXT, "ADDRESS"}}},

	{.words = "quota set",
	 .method = "POST",
	 .path = ADMIN "/quotas",
	 .help = "Say how much a user, a group's members or a pool may have",
	 .arguments = {"kind", "name"},
	 .options = {{"--desktops", "desktops", OPTION_NUMBER, "N"},
		     {"--sessions", "sessions", OPTION_NUMBER, "N"},
		     {"--memory", "memory", OPTION_NUMBER, "MIB"},
		     {"--cpus", "cpus", OPTION_NUMBER, "N"}}},
	LIST("quota list", "/quotas", quota_columns, "List the quotas"),
	LIST("quotas", "/quotas", quota_columns, NULL),
	{.words = "quota remove",
	 .method = "DELETE",
	 .path = ADMIN "/quotas/{kind}/{name}",
	 .help = "Forget a quota",
	 .arguments = {"kind", "name"}},

	LIST("desktops", "/desktops", desktop_columns, "List all desktops"),
	ACT("start", "Start a desktop"),
	ACT("stop", "Stop a desktop and end its session"),
	ACT("reset", "Throw away what was written to a desktop"),
	ACT("release", "Take a desktop from its owner"),

	{.words = "sessions",
	 .method = "GET",
	 .path = ADMIN "/sessions",
	 .help = "List the live sessions, or also those that have ended",
	 .options = {{"--all", "ended", OPTION_FLAG}, {"--limit", "limit", OPTION_NUMBER, "N"}},
	 .columns = session_columns},
	REMOVE("session end", "/sessions/{id}", "id", "End a session"),
	{.words = "session move",
	 .method = "POST",
	 .path = ADMIN "/sessions/{id}/move",
	 .help = "Move a session to another desktop of its user",
	 .arguments = {"id", "desktop"}},

	{.words = "audit",
	 .method = "GET",
	 .path = ADMIN "/audit",
	 .help = "Show the audit log, newest first",
	 .options = {{"--limit", "limit", OPTION_NUMBER, "N"},
		     {"--before", "before", OPTION_NUMBER, "ID"},
		     {"--text", "text", OPTION_TEXT, "WORDS"}},
	 .columns = audit_columns},

	{.words = "health",
	 .method = "GET",
	 .path = "/healthz",
	 .help = "Say whether broker and gateways are ready"},
};
const unsigned n_commands = G_N_ELEMENTS(commands);
