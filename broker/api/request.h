/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * request: one HTTP request and its answer, free of any HTTP library, so that handlers can be
 * tested without a socket. The server (server.c) fills it from a connection and sends the reply;
 * route.c finds the handler; the handler works on a thread of its own. Passwords and tickets in
 * JSON are wiped when jansson frees them (control/jsonframe.h).
 */
#pragma once

#include <jansson.h>

#include "core.h"
#include "fault.h"
#include "files.h"

#define REQUEST_BODY_MAX 65536

struct Route;
typedef struct Services Services;

/* The headers a handler may look at; a repeated one makes the request invalid. */
typedef enum {
	HEADER_ACCEPT_ENCODING,
	HEADER_AUTHORIZATION,
	HEADER_CONTENT_TYPE,
	HEADER_COOKIE,
	HEADER_CSRF,
	HEADER_CSRF_PVE,
	HEADER_FETCH_SITE,
	HEADER_HOST,
	HEADER_IF_NONE_MATCH,
	HEADER_ORIGIN,
	HEADER_COUNT
} Header;
extern const char *const header_names[HEADER_COUNT];

typedef struct {
	unsigned status;
	const char *type; /* static text: a media type                               */
	char *body;       /* may hold a secret: wiped when freed                     */
	gsize length;
	const File *file;   /* instead of a body; never changes                      */
	gboolean packed;    /* ... with gzip                                         */
	gboolean events;    /* instead of a body: events.h, until it ends            */
	GPtrArray *headers; /* of char *: name, value, name, value; values are wiped */
	GError *cause;      /* what goes into the log; NULL = nothing to log         */
} Reply;

typedef struct {
	const Services *services;
	gboolean admin_socket; /* came by options.admin: may administer, has no login      */
	char *peer;            /* the client's address; "local:UID" at the admin socket      */
	char *method;
	char *path;                 /* as sent, escapes included */
	GHashTable *query;          /* decoded name -> value     */
	char *header[HEADER_COUNT]; /* NULL = absent             */
	gboolean invalid;           /* repeated header or query name, or bad escapes     */
	GByteArray *body;           /* wiped when freed */

	const struct Route *route;
	char *args[2]; /* the path's {words}, decoded */
	Who *who;      /* NULL = not logged in (or the admin socket) */
	gboolean by_cookie;
	Reply reply;
} Request;

/* method, path and peer are copied. */
Request *request_new(const Services *services, gboolean admin_socket, const char *peer,
		     const char *method, const char *path);
void request_free(Request *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Request, request_free)

/* One header or query parameter as it came; what comes twice makes the request invalid. */
void request_add_header(Request *request, const char *name, const char *value);
void request_add_query(Request *request, const char *name, const char *value);

/*
 * Reads the body as one JSON object with json_unpack's format, strictly: no unknown, no duplicate
 * key, nothing behind it. *out_root owns the texts that were unpacked (json_decref() it). What
 * the body holds never shows in the error, since it may be a password. FAULT_CLIENT.
 */
gboolean request_json(Request *request, json_t **out_root, GError **error, const char *format, ...);

/* A number from the query: fallback if absent; FAULT_CLIENT if it is none or out of bounds. */
gboolean request_number(Request *request, const char *name, gint64 min, gint64 max, gint64 fallback,
			gint64 *out, GError **error);
gboolean request_flag(Request *request, const char *name);

/* ---- the answer; the last one given counts */

/* Takes the reference to json; NULL answers 500. */
void reply_json(Request *request, unsigned status, json_t *json);
/* Takes body (g_malloc'ed); type is static text. */
void reply_bytes(Request *request, unsigned status, const char *type, char *body, gsize length);
void reply_empty(Request *request, unsigned status);
/* With its media type, ETag and Cache-Control (static text), packed if the client takes that; the
 * body stays the file's. */
void reply_file(Request *request, unsigned status, const File *file, const char *cache);
/* A stream of events, 200. */
void reply_events(Request *request);
void reply_header(Request *request, const char *name, const char *value);

/* {"error":{"code","message"}}; words NULL = those of the fault's table. */
void reply_refuse(Request *request, unsigned status, const char *code, const char *words);

/*
 * The answer for an error: status and words by its code; an admin also reads the error's own
 * message. Takes the error and keeps it for the log.
 */
void reply_fault(Request *request, GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)
