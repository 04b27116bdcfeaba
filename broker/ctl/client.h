/* SPDX-License-Identifier: GPL-3.0-or-later */
/* client: one request to the broker's admin socket, by libcurl. */
#pragma once

#include <glib.h>
#include <jansson.h>

/*
 * Blocks. body NULL = none. On success (a status below 300) *out_text is the answer's text
 * (g_free; "" if empty). Else the error says in words what the broker, or the way to it, refuses.
 */
gboolean client_ask(const char *socket_path, const char *method, const char *path, json_t *body,
		    char **out_text, GError **error);

/* A GET for who cannot wait: FAULT_TIMEOUT if there is no answer after so many seconds. */
gboolean client_look(const char *socket_path, const char *path, long seconds, char **out_text,
		     GError **error);

/* Prints the names of what changes (GET of a stream of events), a line each, until the broker has
 * gone: returns only with FALSE. */
gboolean client_follow(const char *socket_path, const char *path, GError **error);

/* Writes the answer of a GET to standard output, whatever bytes it has. */
gboolean client_save(const char *socket_path, const char *path, GError **error);
