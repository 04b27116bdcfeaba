/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * https: one question over HTTPS, answered with a JSON object, for what the broker asks of an
 * OpenID provider. Nothing but HTTPS with a certificate that is checked, no redirection, a bounded
 * answer, a deadline. Blocks: for worker threads. Each call stands alone; thread-safe.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct {
	const char *url;
	const char *ca;       /* PEM file that must have signed; NULL = the system's store  */
	const char *form;     /* POST this, application/x-www-form-urlencoded; NULL = GET   */
	const char *user;     /* with password: HTTP basic, both urlencoded already         */
	const char *password; /* secret; NULL = none                                        */
	const char *bearer;   /* secret: an access token; NULL = none                       */
} HttpsQuestion;

/* Before any thread asks. */
void https_init(void);

/* The object (json_decref() it); NULL with FAULT_BROKER, FAULT_TIMEOUT, or FAULT_DENIED if the
 * answer was a 4xx. No error holds a word of the question or, but for the "error" of a 4xx, of the
 * answer. */
json_t *https_ask(const HttpsQuestion *question, GError **error);

/* "a=b&" of a form or query, appended. */
void https_add(GString *form, const char *name, const char *value);
