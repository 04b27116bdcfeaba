/* SPDX-License-Identifier: GPL-3.0-or-later */
/* client: see client.h. */
#include "client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "secret.h"

#define ANSWER_MAX      (64u * 1024 * 1024)
#define LINE_MAX_BYTES  1024
#define CONNECT_SECONDS 5L
#define ANSWER_SECONDS  600L /* a pool's desktops are destroyed one after the other */

static size_t gather(char *bytes, size_t size, size_t n, void *data)
{
	GString *text = data;

	if (n > ANSWER_MAX - text->len)
		return 0;
	g_string_append_len(text, bytes, (gssize)n);
	return n;
}

/* {"error":{"message"}} in its own words, or at least the number. */
static void refuse(GError **error, long status, const char *text)
{
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const char *words =
		json_string_value(json_object_get(json_object_get(root, "error"), "message"));
	g_autofree char *plain = root ? NULL : g_strchomp(g_strdup(text));

	if (words != NULL)
		g_set_error_literal(error, FAULT, FAULT_DENIED, words);
	else if (plain != NULL && *plain != '\0')
		g_set_error_literal(error, FAULT, FAULT_DENIED, plain);
	else
		g_set_error(error, FAULT, FAULT_DENIED, "the broker answered %ld", status);
	json_decref(root);
}

/* What all requests have in common. words: CURL_ERROR_SIZE bytes. */
static void prepare(CURL *curl, const char *socket_path, const char *url, char *words)
{
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
}

static gboolean perform(CURL *curl, const char *socket_path, const char *method, const char *path,
			const char *body, long seconds, GString *text, GError **error)
{
	g_autofree char *url = g_strconcat("http://oriel", path, NULL);
	char words[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	long status = 0, reason = 0;
	CURLcode code;

	prepare(curl, socket_path, url, words);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, seconds);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, gather);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, text);
	if (body != NULL) {
		headers = curl_slist_append(NULL, "Content-Type: application/json");
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	}
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &reason);
	curl_slist_free_all(headers);
	if (code == CURLE_COULDNT_CONNECT && reason != 0)
		g_set_error(error, FAULT, FAULT_BROKER, "no answer from the broker at %s: %s",
			    socket_path, g_strerror((int)reason));
	else if (code == CURLE_OPERATION_TIMEDOUT)
		g_set_error(error, FAULT, FAULT_TIMEOUT,
			    "no answer from the broker at %s in %ld seconds", socket_path, seconds);
	else if (code != CURLE_OK)
		g_set_error(error, FAULT, FAULT_BROKER, "no answer from the broker at %s: %s",
			    socket_path, *words ? words : curl_easy_strerror(code));
	else if (status < 200 || status > 299)
		refuse(error, status, text->str);
	return code == CURLE_OK && status >= 200 && status <= 299;
}

static gboolean ask(const char *socket_path, const char *method, const char *path, const char *body,
		    long seconds, char **out_text, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	CURL *curl = curl_easy_init();
	gboolean done = FALSE;

	if (curl == NULL)
		g_set_error(error, FAULT, FAULT_BUG, "libcurl does not start");
	else
		done = perform(curl, socket_path, method, path, body, seconds, text, error);
	curl_easy_cleanup(curl);
	if (done)
		*out_text = g_string_free(g_steal_pointer(&text), FALSE);
	return done;
}

gboolean client_ask(const char *socket_path, const char *method, const char *path, json_t *body,
		    char **out_text, GError **error)
{
	char *sent = body ? json_dumps(body, JSON_COMPACT) : NULL;
	gboolean done = ask(socket_path, method, path, sent, ANSWER_SECONDS, out_text, error);

	if (sent != NULL)
		secret_wipe(sent, strlen(sent));
	free(sent);
	return done;
}

gboolean client_look(const char *socket_path, const char *path, long seconds, char **out_text,
		     GError **error)
{
	return ask(socket_path, "GET", path, NULL, seconds, out_text, error);
}

/* Only the names: "event: pools". */
static size_t print_events(char *bytes, size_t size, size_t n, void *data)
{
	GString *line = data;

	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != '\n') {
			if (line->len < LINE_MAX_BYTES)
				g_string_append_c(line, bytes[i]);
			continue;
		}
		if (g_str_has_prefix(line->str, "event: "))
			puts(line->str + 7);
		g_string_truncate(line, 0);
	}
	return fflush(stdout) == 0 ? n : 0;
}

/* A GET whose answer goes to `take` as it comes. */
static gboolean stream(const char *socket_path, const char *path,
		       size_t (*take)(char *bytes, size_t size, size_t n, void *data), void *data,
		       GError **error)
{
	g_autofree char *url = g_strconcat("http://oriel", path, NULL);
	char words[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	CURLcode code;

	if (curl == NULL) {
		g_set_error(error, FAULT, FAULT_BUG, "libcurl does not start");
		return FALSE;
	}
	prepare(curl, socket_path, url, words);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, data);
	code = curl_easy_perform(curl);
	curl_easy_cleanup(curl);
	if (code != CURLE_OK)
		g_set_error(error, FAULT, FAULT_BROKER, "the broker at %s: %s", socket_path,
			    *words ? words : curl_easy_strerror(code));
	return code == CURLE_OK;
}

gboolean client_follow(const char *socket_path, const char *path, GError **error)
{
	g_autoptr(GString) line = g_string_new(NULL);

	/* The broker ends it every few minutes, so that it can forget who has gone. */
	while (stream(socket_path, path, print_events, line, error))
		;
	return FALSE;
}

static size_t print_bytes(char *bytes, size_t size, size_t n, void *data)
{
	return fwrite(bytes, 1, n, stdout);
}

gboolean client_save(const char *socket_path, const char *path, GError **error)
{
	return stream(socket_path, path, print_bytes, NULL, error);
}
