/* SPDX-License-Identifier: GPL-3.0-or-later */
/* https: see https.h. */
#include "oidc/https.h"

#include <curl/curl.h>

#include "fault.h"
#include "secret.h"

#define ANSWER_MAX      (256 * 1024)
#define CONNECT_SECONDS 5L
#define TOTAL_SECONDS   10L
#define ERROR_CODE_MAX  64

void https_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

void https_add(GString *form, const char *name, const char *value)
{
	autosecret char *escaped = g_uri_escape_string(value, NULL, FALSE);

	g_string_append_printf(form, "%s%s=%s", form->len > 0 ? "&" : "", name, escaped);
}

/* Whatever fits; a longer answer breaks the transfer off. */
static size_t take(char *data, size_t size, size_t n, void *user)
{
	GString *answer = user;

	if (size * n > ANSWER_MAX - answer->len)
		return 0;
	g_string_append_len(answer, data, (gssize)(size * n));
	return size * n;
}

static gboolean set_up(CURL *curl, const HttpsQuestion *question, GString *answer)
{
	CURLcode bad = CURLE_OK;

	bad |= curl_easy_setopt(curl, CURLOPT_URL, question->url);
	bad |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	bad |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	bad |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	bad |= curl_easy_setopt(curl, CURLOPT_TIMEOUT, TOTAL_SECONDS);
	bad |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	bad |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	bad |= curl_easy_setopt(curl, CURLOPT_USERAGENT, "oriel");
	if (question->ca != NULL) {
		bad |= curl_easy_setopt(curl, CURLOPT_CAINFO, question->ca);
		bad |= curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	if (question->form != NULL)
		bad |= curl_easy_setopt(curl, CURLOPT_POSTFIELDS, question->form);
	if (question->password != NULL) {
		bad |= curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		bad |= curl_easy_setopt(curl, CURLOPT_USERNAME, question->user);
		bad |= curl_easy_setopt(curl, CURLOPT_PASSWORD, question->password);
	}
	if (question->bearer != NULL) {
		bad |= curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		bad |= curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, question->bearer);
	}
	return bad == CURLE_OK;
}

/* What an OAuth server calls its refusal: one of a few fixed words; nothing else gets into
 * a log. */
static const char *error_code(const json_t *answer)
{
	const char *code = json_string_value(json_object_get(answer, "error"));

	for (const char *c = code; c != NULL && *c != '\0'; c++) {
		if ((!g_ascii_islower(*c) && *c != '_') || c - code > ERROR_CODE_MAX)
			return NULL;
	}
	return code;
}

static json_t *read_answer(long status, const GString *text, GError **error)
{
	g_autoptr(GError) why = NULL;
	json_t *answer = json_loadb(text->str, text->len, JSON_REJECT_DUPLICATES, NULL);

	if (status == 200 && json_is_object(answer))
		return answer;
	if (status >= 400 && status < 500)
		g_set_error(error, FAULT, FAULT_DENIED, "the OpenID provider answers %ld (%s)",
			    status, error_code(answer) ? error_code(answer) : "no reason");
	else
		g_set_error(error, FAULT, FAULT_BROKER,
			    "the OpenID provider answers %ld, or not with JSON", status);
	json_decref(answer);
	return NULL;
}

json_t *https_ask(const HttpsQuestion *question, GError **error)
{
	GString *text = g_string_new(NULL);
	CURL *curl = curl_easy_init();
	json_t *answer = NULL;
	CURLcode code;
	long status = 0;

	g_assert(curl != NULL && set_up(curl, question, text));
	code = curl_easy_perform(curl);
	if (code == CURLE_OK) {
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
		answer = read_answer(status, text, error);
	} else {
		g_set_error(error, FAULT,
			    code == CURLE_OPERATION_TIMEDOUT ? FAULT_TIMEOUT : FAULT_BROKER,
			    "the OpenID provider: %s", curl_easy_strerror(code));
	}
	curl_easy_cleanup(curl);
	secret_wipe(text->str, text->len);
	g_string_free(text, TRUE);
	return answer;
}
