/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * head: see head.h. First a scan for the end, which refuses what readers of HTTP disagree about;
 * then, once, http_parser over a copy of the whole head; then the texts are cut out of that copy
 * in place, and checked.
 */
#include "http/head.h"

#include <http_parser.h>
#include <string.h>

#include "fault.h"
#include "secret.h"

/* Headers that must not differ from themselves. */
static const char *const single[] = {"host",
				     "upgrade",
				     "origin",
				     "authorization",
				     "proxy-authorization",
				     "content-length",
				     "transfer-encoding",
				     "sec-websocket-key",
				     "sec-websocket-version"};

static gboolean refuse(GError **error, const char *why)
{
	g_set_error(error, FAULT, FAULT_CLIENT, "HTTP head: %s", why);
	return FALSE;
}

/* ---- the scan */

/* What is wrong with byte i, given those before it; NULL = nothing. */
static const char *byte_wrong(const guint8 *b, gsize i)
{
	guint8 before = i > 0 ? b[i - 1] : 0;

	if (i == 0 && !g_ascii_isupper(b[i]))
		return "no method";
	if ((before == '\r') != (b[i] == '\n'))
		return "a bare CR or LF";
	if (before == '\n' && (b[i] == ' ' || b[i] == '\t'))
		return "a folded line";
	if ((b[i] < ' ' && b[i] != '\r' && b[i] != '\n' && b[i] != '\t') || b[i] == 0x7f)
		return "a control character";
	return NULL;
}

/* Finds the empty line; *out_length stays 0 if it is not there yet. */
static gboolean scan(Head *head, const guint8 *b, gsize n, gsize *out_length, GError **error)
{
	for (; head->scanned < MIN(n, HEAD_MAX); head->scanned++) {
		gsize i = head->scanned;
		const char *wrong = byte_wrong(b, i);

		if (wrong != NULL)
			return refuse(error, wrong);
		if (b[i] == '\n' && b[i - 2] == '\n') {
			*out_length = i + 1;
			return TRUE;
		}
	}
	return n < HEAD_MAX || refuse(error, "too long");
}

/* ---- http_parser's callbacks: where the texts are in head->text */

static int on_target(http_parser *parser, const char *at, size_t n)
{
	Head *head = parser->data;

	head->target = at;
	head->text[at + n - head->text] = '\0';
	return 0;
}

static int on_name(http_parser *parser, const char *at, size_t n)
{
	Head *head = parser->data;

	if (head->n_headers == HEAD_HEADERS)
		return 1;
	head->headers[head->n_headers++] = (HeadHeader){at, ""};
	head->text[at + n - head->text] = '\0';
	return 0;
}

static int on_value(http_parser *parser, const char *at, size_t n)
{
	Head *head = parser->data;

	if (n == 0) /* then `at` is the next line */
		return 0;
	while (n > 0 && (at[n - 1] == ' ' || at[n - 1] == '\t'))
		n--;
	head->headers[head->n_headers - 1].value = at;
	head->text[at + n - head->text] = '\0';
	return 0;
}

/* ---- checks */

static gboolean token_valid(const char *name)
{
	for (const char *c = name; *c; c++) {
		if (!g_ascii_isalnum(*c) && !strchr("!#$%&'*+-.^_`|~", *c))
			return FALSE;
	}
	return *name != '\0';
}

static gboolean check_headers(const Head *head, GError **error)
{
	for (unsigned i = 0; i < head->n_headers; i++) {
		if (!token_valid(head->headers[i].name))
			return refuse(error, "a bad header name");
	}
	for (unsigned s = 0; s < G_N_ELEMENTS(single); s++) {
		unsigned n = 0;

		for (unsigned i = 0; i < head->n_headers; i++)
			n += g_ascii_strcasecmp(head->headers[i].name, single[s]) == 0;
		if (n > 1)
			return refuse(error, "a header twice that may be there once");
		if (n == 0 && head->minor >= 1 && strcmp(single[s], "host") == 0)
			return refuse(error, "no Host");
	}
	if (head_header(head, "content-length") && head_header(head, "transfer-encoding"))
		return refuse(error, "two lengths of the body");
	return TRUE;
}

/* RFC 9112, 3.2: origin-form, absolute-form, authority-form (CONNECT only), asterisk-form. */
static gboolean check_target(Head *head, GError **error)
{
	const char *path = head->target;

	for (const char *c = head->target; *c; c++) {
		if ((guint8)*c <= ' ' || (guint8)*c >= 0x7f || *c == '#')
			return refuse(error, "a bad target");
	}
	if (strcmp(head->method, "CONNECT") == 0)
		return head_authority(head, NULL, NULL, error);
	if (g_ascii_strncasecmp(path, "http://", 7) == 0)
		path += 7 + strcspn(path + 7, "/?");
	else if (g_ascii_strncasecmp(path, "https://", 8) == 0)
		path += 8 + strcspn(path + 8, "/?");
	else if (*path != '/' && strcmp(path, "*") != 0)
		return refuse(error, "a bad target");
	head->path = *path == '\0' || *path == '?' ? g_strdup("/")
						   : g_strndup(path, strcspn(path, "?"));
	return TRUE;
}

static gboolean read_whole(Head *head, const guint8 *bytes, gsize n, GError **error)
{
	static const http_parser_settings settings = {
		.on_url = on_target, .on_header_field = on_name, .on_header_value = on_value};
	http_parser parser;
	gsize used;

	head->text = g_malloc(n + 1);
	memcpy(head->text, bytes, n);
	head->text[n] = '\0';
	http_parser_init(&parser, HTTP_REQUEST);
	parser.data = head;
	used = http_parser_execute(&parser, &settings, head->text, n);
	if (head->n_headers == HEAD_HEADERS && parser.http_errno == HPE_CB_header_field)
		return refuse(error, "too many headers");
	if (parser.http_errno != HPE_OK || used != n || head->target == NULL) {
		g_set_error(error, FAULT, FAULT_CLIENT, "HTTP head: %s",
			    http_errno_description(parser.http_errno));
		return FALSE;
	}
	if (parser.http_major != 1)
		return refuse(error, "not HTTP/1");
	head->method = http_method_str(parser.method);
	head->minor = parser.http_minor;
	return check_headers(head, error) && check_target(head, error);
}

gssize head_parse(Head *head, const void *bytes, gsize n, GError **error)
{
	gsize length = 0;

	if (head->length == 0) {
		if (!scan(head, bytes, n, &length, error))
			return -1;
		if (length == 0)
			return 0;
		if (!read_whole(head, bytes, length, error))
			return -1;
		head->length = length;
	}
	return (gssize)head->length;
}

/* ---- questions */

const char *head_header(const Head *head, const char *name)
{
	for (unsigned i = 0; i < head->n_headers; i++) {
		if (g_ascii_strcasecmp(head->headers[i].name, name) == 0)
			return head->headers[i].value;
	}
	return NULL;
}

gboolean head_lists(const Head *head, const char *name, const char *token)
{
	gsize want = strlen(token);

	for (unsigned i = 0; i < head->n_headers; i++) {
		const char *at = head->headers[i].value;

		if (g_ascii_strcasecmp(head->headers[i].name, name) != 0)
			continue;
		while (*at != '\0') {
			gsize n;

			at += strspn(at, " \t,");
			n = strcspn(at, " \t,");
			if (n == want && g_ascii_strncasecmp(at, token, n) == 0)
				return TRUE;
			at += n;
		}
	}
	return FALSE;
}

/* NULL: a bad escape, NUL or bytes that are not UTF-8. */
static char *query_decode(const char *at, gsize n)
{
	char *text = g_malloc(n + 1);
	gsize out = 0;

	for (gsize i = 0; i < n; i++) {
		char c = at[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			int high = i + 2 < n ? g_ascii_xdigit_value(at[i + 1]) : -1;
			int low = i + 2 < n ? g_ascii_xdigit_value(at[i + 2]) : -1;

			if (high < 0 || low < 0 || (high | low) == 0) {
				text[out] = '\0';
				secret_free(text);
				return NULL;
			}
			c = (char)(high << 4 | low);
			i += 2;
		}
		text[out++] = c;
	}
	text[out] = '\0';
	if (!g_utf8_validate(text, (gssize)out, NULL)) {
		secret_free(text);
		return NULL;
	}
	return text;
}

char *head_query(const Head *head, const char *name, gsize max)
{
	gsize name_n = strlen(name);
	const char *at = strchr(head->target, '?');
	const char *found = NULL;
	gsize found_n = 0;
	char *value;

	while (at != NULL && *at != '\0') {
		gsize n = strcspn(++at, "&");

		if (n > name_n && strncmp(at, name, name_n) == 0 && at[name_n] == '=') {
			if (found != NULL)
				return NULL;
			found = at + name_n + 1;
			found_n = n - name_n - 1;
		}
		at += n;
	}
	value = found ? query_decode(found, found_n) : NULL;
	if (value != NULL && strlen(value) > max) {
		secret_free(value);
		value = NULL;
	}
	return value;
}

gboolean head_authority(const Head *head, char **out_host, guint16 *out_port, GError **error)
{
	const char *host = head->target;
	gboolean six = *host == '[';
	gsize n;
	guint64 port;

	host += six;
	n = strspn(host, six ? "0123456789abcdefABCDEF:."
			     : "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
	if (n == 0 || n > 255 || (six && host[n] != ']') || host[n + six] != ':' ||
	    !g_ascii_string_to_unsigned(host + n + six + 1, 10, 1, 65535, &port, NULL))
		return refuse(error, "a CONNECT to no host:port");
	if (out_host != NULL)
		*out_host = g_strndup(host, n);
	if (out_port != NULL)
		*out_port = (guint16)port;
	return TRUE;
}

void head_clear(Head *head)
{
	if (head->text != NULL)
		secret_wipe(head->text, head->length ? head->length : head->scanned);
	g_free(head->text);
	g_free(head->path);
	memset(head, 0, sizeof *head);
}
