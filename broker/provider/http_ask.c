/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http_ask: see http_ask.h. */
#include "http_ask.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "secret.h"

#define ANSWER_MAX      (16u * 1024 * 1024)
#define LINE_MAX_BYTES  (256u * 1024)
#define CONNECT_SECONDS 5L

typedef struct {
	const HttpAsk *ask;
	GString *text; /* the answer, or the line that is not yet whole */
} Answer;

static void cleanup_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static void initialize(void)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		curl_global_init(CURL_GLOBAL_DEFAULT);
		g_once_init_leave(&once, 1);
	}
}

static gboolean stopped(const HttpAsk *ask)
{
	return ask->stop && g_atomic_int_get(ask->stop);
}

/* Hands over what is whole; the rest stays. */
static gboolean give_lines(Answer *answer)
{
	char *end;

	while ((end = memchr(answer->text->str, '\n', answer->text->len))) {
		*end = '\0';
		if (stopped(answer->ask) ||
		    !answer->ask->line(answer->text->str, answer->ask->data))
			return FALSE;
		g_string_erase(answer->text, 0, end - answer->text->str + 1);
	}
	return TRUE;
}

static size_t gather(char *bytes, size_t size, size_t n, void *data)
{
	Answer *answer = data;
	gsize most = answer->ask->line ? LINE_MAX_BYTES : ANSWER_MAX;

	if (n > most - answer->text->len)
		return 0;
	g_string_append_len(answer->text, bytes, (gssize)n);
	return answer->ask->line && !give_lines(answer) ? 0 : n;
}

static int progress(void *data, curl_off_t total, curl_off_t now, curl_off_t up_total,
		    curl_off_t up_now)
{
	return stopped(data);
}

static void set_options(CURL *curl, const HttpAsk *ask, Answer *answer)
{
	curl_easy_setopt(curl, CURLOPT_URL, ask->url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, ask->method);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, ask->socket);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, ask->line ? 0L : (long)ask->seconds);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, gather);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, ask);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, ask->stop ? 0L : 1L);
	if (ask->ca)
		curl_easy_setopt(curl, CURLOPT_CAINFO, ask->ca);
	if (ask->user) {
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(curl, CURLOPT_USERNAME, ask->user);
		curl_easy_setopt(curl, CURLOPT_PASSWORD, ask->password ? ask->password : "");
	}
}

static gboolean judge(CURL *curl, CURLcode code, const HttpAsk *ask, const char *words,
		      GError **error)
{
	const char *where = ask->socket ? ask->socket : ask->url;
	long reason = 0;

	if (code == CURLE_OK)
		return TRUE;
	/* A listener that has heard enough. */
	if (ask->line && (code == CURLE_WRITE_ERROR || code == CURLE_ABORTED_BY_CALLBACK))
		return TRUE;
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &reason);
	if (code == CURLE_COULDNT_CONNECT && reason != 0)
		words = g_strerror((int)reason);
	g_set_error(error, FAULT, code == CURLE_OPERATION_TIMEDOUT ? FAULT_TIMEOUT : FAULT_DESKTOP,
		    "%s: %s", where, *words ? words : curl_easy_strerror(code));
	return FALSE;
}

/* Sends it; the answer's body goes to `answer`. */
static gboolean perform(CURL *curl, const HttpAsk *ask, Answer *answer, unsigned *out_status,
			GError **error)
{
	__attribute__((cleanup(cleanup_file))) FILE *file = ask->upload ? fopen(ask->upload, "re")
									: NULL;
	char *body = ask->body ? json_dumps(ask->body, JSON_COMPACT) : NULL;
	struct curl_slist *headers = NULL;
	char words[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode code;

	if (ask->upload && !file) {
		fault_set_errno(error, FAULT_CONFIG, ask->upload);
		return FALSE;
	}
	set_options(curl, ask, answer);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
	if (file) {
		headers = curl_slist_append(headers, "Content-Type: application/x-tar");
		headers = curl_slist_append(headers, "Expect:");
		curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(curl, CURLOPT_READDATA, file);
	} else if (body) {
		headers = curl_slist_append(headers, "Content-Type: application/json");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	} else if (g_str_equal(ask->method, "POST")) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
	}
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	*out_status = (unsigned)status;
	curl_slist_free_all(headers);
	if (body)
		secret_wipe(body, strlen(body));
	free(body);
	return judge(curl, code, ask, words, error);
}

gboolean http_ask(const HttpAsk *ask, unsigned *out_status, json_t **out_json, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	Answer answer = {ask, text};
	CURL *curl;
	gboolean done;

	initialize();
	curl = curl_easy_init();
	if (!curl) {
		g_set_error(error, FAULT, FAULT_BUG, "libcurl does not start");
		return FALSE;
	}
	done = perform(curl, ask, &answer, out_status, error);
	curl_easy_cleanup(curl);
	if (done && out_json)
		*out_json = json_loadb(text->str, text->len, 0, NULL);
	return done;
}
