/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http-client: one HTTP request over a Unix socket, behind a PROXY v2 header or without one. */
#pragma once

#include "request.h" /* json_t */

typedef struct {
	unsigned status;
	char *head; /* status line and headers */
	char *body;
	gsize length;
} Answer;
void answer_free(Answer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Answer, answer_free)

/* A connection to the socket; proxy "192.0.2.1:4000" = behind a header that names this client,
 * "" = behind one that names nobody, NULL = no header. */
int http_connect(const char *socket_path, const char *proxy);

void http_send(int fd, const char *text);

/* Reads to the end of the connection, which it closes. A connection that ends with no answer has
 * status 0. Fails the test after ten seconds of silence. */
Answer *http_receive(int fd);

/* All of it in one; headers are lines that end with "\r\n". body NULL = none. */
Answer *http_ask(const char *socket_path, const char *proxy, const char *method, const char *path,
		 const char *headers, const char *body);

/* The value of a header, g_free() it; NULL if absent. */
char *answer_header(const Answer *answer, const char *name);

/* The body as JSON, json_decref() it. */
json_t *answer_json(const Answer *answer);
