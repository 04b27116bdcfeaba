/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http_ask: one request to the HTTP API of something that runs machines (a container engine, a
 * PC's service processor) and its answer, with a deadline and a bound on what comes back. It
 * follows no redirect and uses no proxy; https only with a valid certificate.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct {
	const char *method; /* "GET", "POST", "PATCH", "DELETE"                          */
	const char *url;
	const char *socket;   /* path of a Unix socket to ask through, NULL = by the URL */
	const char *user;     /* HTTP basic authentication, NULL = none                  */
	const char *password; /* a secret                                                */
	const char *ca;       /* PEM file that https trusts, NULL = the system's         */
	json_t *body;         /* borrowed; NULL = none                                   */
	const char *upload;   /* or a file (tar), sent as it is                          */
	unsigned seconds;     /* for all of it                                           */
	/* With it, a line at a time comes here instead of into the answer, until it returns FALSE
	 * or *stop is not 0 (looked at every second); there is no deadline then. */
	gboolean (*line)(const char *line, gpointer data);
	gpointer data;
	const int *stop; /* g_atomic_int */
} HttpAsk;

/*
 * TRUE if there was an answer, whatever it says: *out_status is its number and *out_json
 * (json_decref; may be NULL) its body, or NULL if that is no JSON. FAULT_DESKTOP if nobody answers,
 * FAULT_TIMEOUT, FAULT_CONFIG for a file that cannot be read.
 */
gboolean http_ask(const HttpAsk *ask, unsigned *out_status, json_t **out_json, GError **error);
