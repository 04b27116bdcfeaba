/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * core_parts: what the files behind core.h share, and nobody else. Order of locks, outermost
 * first: a desktop's turn (turns.h), the sessions' lock (session.c), the database.
 */
#pragma once

#include "core.h"
#include "db.h"

typedef struct Providers Providers;
typedef struct Turns Turns;
typedef struct Sessions Sessions;
typedef struct Maintainer Maintainer;
typedef struct GatewayLink GatewayLink;
typedef struct Brokers Brokers;
typedef struct Hosts Hosts;
typedef struct AuditOut AuditOut;
typedef struct Bridges Bridges;
typedef struct Screens Screens;
typedef struct Activity Activity;
typedef struct Lobbies Lobbies;
typedef struct Ration Ration;

/* Seconds; tests shorten them. */
typedef struct {
	unsigned grace;   /* after a session, the desktop stays its user's                */
	unsigned start;   /* a desktop has its display, counted from the click            */
	unsigned connect; /* a lease has its picture                                      */
	unsigned adopt;   /* after a broker's restart, gateways tell what is still alive  */
	unsigned host;    /* between two looks at a host                                  */
	unsigned backoff; /* before the first retry of what failed; doubles, to 5 minutes */
} CoreTimes;

struct Core {
	const Options *options;
	CoreTimes times;
	Db *db;
	Brokers *brokers;
	Providers *providers;
	Turns *turns;
	Sessions *sessions;
	Maintainer *maintainer;
	Hosts *hosts;
	Activity *activity;
	Lobbies *lobbies;
	GatewayLink *link;
	Screens *screens;
	AuditOut *audit_out; /* NULL: the log goes nowhere else */
	Bridges *bridges;
	Limit *limit;
	Ration *ration;
	CoreTold told; /* changes.c */
	gpointer told_data;
};

/* core_open() with other times. */
Core *core_open_with(const Options *options, const CoreTimes *times, GError **error);

/* Seconds since 1970. */
gint64 core_now(void);
/* A fresh id: prefix and 16 random hex digits; g_free() it. */
char *core_make_id(const char *prefix);
/* True for a name that may become a file's, a host's or a domain's: [a-z0-9][a-z0-9-]*, up to
 * 40; else FAULT_CLIENT. */
gboolean core_name_ok(const char *name, const char *what, GError **error);
