/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * head: one HTTP/1.x request head (RFC 9112), the only one that a connection through the gateway
 * has. Strict where leniency would let two readers disagree: line folding, NUL and control
 * characters, bare CR or LF, spaces in names, repeated Host and the like are refused. Knows
 * nothing of bodies.
 *
 * A target may hold a ticket and a header a cookie: the texts are one block, wiped when cleared.
 */
#pragma once

#include <glib.h>

#define HEAD_MAX     16384 /* bytes, request line and empty line included */
#define HEAD_HEADERS 100

typedef struct {
	const char *name;
	const char *value; /* without spaces around it; "" if empty */
} HeadHeader;

/* Zeroed before the first call. Texts are valid until head_clear() and only after head_parse() has
 * returned the length. */
typedef struct {
	const char *method; /* "GET", "CONNECT", ...                                          */
	const char *target; /* as sent                                                        */
	char *path;         /* of the target, not decoded, without query; "*"; CONNECT: NULL  */
	unsigned minor;     /* of HTTP/1.minor                                                */
	HeadHeader headers[HEAD_HEADERS];
	unsigned n_headers;

	char *text; /* private: the head's copy, cut into the texts above; a secret */
	gsize scanned;
	gsize length;
} Head;

/*
 * Looks at the bytes of a connection, from its first on; call it again with the same bytes and
 * more. Returns how many bytes the head has once it is whole; 0 when more are needed; -1 with
 * FAULT_CLIENT (then only head_clear() is left).
 */
gssize head_parse(Head *head, const void *bytes, gsize n, GError **error);

/* The value of the first header of that name, in any case of letters; NULL if there is none. */
const char *head_header(const Head *head, const char *name);

/* True if a comma-separated list header (all of that name) holds the token, in any case. */
gboolean head_lists(const Head *head, const char *name, const char *token);

/*
 * A parameter of the query, percent-decoded ('+' is a space), as a Secret of at most `max` bytes.
 * NULL if it is not there, there twice, longer, or not decodable to UTF-8 without NUL.
 */
char *head_query(const Head *head, const char *name, gsize max);

/* The host (g_free; an IPv6 address without its brackets) and port of a CONNECT's target.
 * FAULT_CLIENT if it is not of that form (RFC 9110, 9.3.6). */
gboolean head_authority(const Head *head, char **out_host, guint16 *out_port, GError **error);

/* Accepts a zeroed head; leaves it zeroed. */
void head_clear(Head *head);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Head, head_clear)
