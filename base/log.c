/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log: see log.h. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define USUAL 256 /* bytes of most lines */

gboolean log_debugging;

static const char *process_name = "oriel";
static gboolean to_journal;

static const char *level_name(GLogLevelFlags level)
{
	switch (level & G_LOG_LEVEL_MASK) {
	case G_LOG_LEVEL_ERROR:
	case G_LOG_LEVEL_CRITICAL: return "error";
	case G_LOG_LEVEL_WARNING: return "warning";
	case G_LOG_LEVEL_DEBUG: return "debug";
	default: return "info";
	}
}

/* How many characters from here are what most lines have: ASCII that is shown as it is. */
static gsize plain_run(const char *text)
{
	gsize n = 0;

	while (text[n] >= ' ' && text[n] <= '~' && text[n] != '"' && text[n] != '\\')
		n++;
	return n;
}

/* One line, whatever a peer put into it: nothing of it moves a terminal's cursor or turns its
 * letters round (control characters, also those of U+0080 to U+009F, and formats), and quotes and
 * spaces cannot forge a field. What is no UTF-8 is shown byte by byte. */
static void append_text(GString *line, const char *text, gboolean is_value)
{
	for (const char *at = text; *at != '\0';) {
		gsize plain = plain_run(at);
		gunichar c;

		if (plain > 0) {
			g_string_append_len(line, at, (gssize)plain);
			at += plain;
			continue;
		}
		c = g_utf8_get_char_validated(at, -1);
		if (c >= (gunichar)-2) {
			g_string_append_printf(line, "\\x%02x", (guint8)*at++);
			continue;
		}
		if (!g_unichar_isprint(c))
			g_string_append_printf(line, c < 0x80 ? "\\x%02x" : "\\u%04x", c);
		else if (is_value && (c == '"' || c == '\\'))
			g_string_append_printf(line, "\\%c", (char)c);
		else
			g_string_append_unichar(line, c);
		at = g_utf8_next_char(at);
	}
}

static void append_value(GString *line, const char *value)
{
	const char *quote = strpbrk(value, " \"=") != NULL ? "\"" : "";

	g_string_append(line, quote);
	append_text(line, value, TRUE);
	g_string_append(line, quote);
}

/* The journal keeps a field apart whatever is in it, but who reads it has a terminal, and
 * `journalctl -o cat` shows a line feed as one. */
static GLogWriterOutput write_journal(GLogLevelFlags level, const GLogField *fields, gsize n)
{
	g_autofree GLogField *plain = g_memdup2(fields, n * sizeof *fields);
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	for (gsize i = 0; i < n; i++) {
		GString *text;

		if (fields[i].length >= 0) /* no text of ours */
			continue;
		text = g_string_new(NULL);
		append_text(text, fields[i].value, FALSE);
		plain[i].value = g_string_free(text, FALSE);
		g_ptr_array_add(texts, (char *)plain[i].value);
	}
	return g_log_writer_journald(level, plain, n, NULL);
}

static GLogWriterOutput writer(GLogLevelFlags level, const GLogField *fields, gsize n,
			       gpointer user_data G_GNUC_UNUSED)
{
	g_autoptr(GString) line = NULL;
	const char *message = "";
	gint64 now = g_get_real_time();
	time_t seconds = (time_t)(now / G_USEC_PER_SEC);
	char stamp[sizeof "9999-12-31T23:59:59"];
	struct tm utc;

	if ((level & G_LOG_LEVEL_DEBUG) && !log_debugging)
		return G_LOG_WRITER_HANDLED;
	if (to_journal)
		return write_journal(level, fields, n);

	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &utc));
	line = g_string_sized_new(USUAL);
	g_string_printf(line, "%s.%03dZ %s %s", stamp, (int)(now / 1000 % 1000), level_name(level),
			process_name);
	for (gsize i = 0; i < n; i++) {
		if (strcmp(fields[i].key, "MESSAGE") == 0) {
			message = fields[i].value;
		} else if (g_str_has_prefix(fields[i].key, "ORIEL_")) {
			g_autofree char *key = g_ascii_strdown(fields[i].key + 6, -1);

			g_string_append_printf(line, " %s=", key);
			append_value(line, fields[i].value);
		}
	}
	g_string_append(line, ": ");
	append_text(line, message, FALSE);
	g_string_append_c(line, '\n');
	fwrite(line->str, 1, line->len, stderr);
	return G_LOG_WRITER_HANDLED;
}

void log_init(const char *process, gboolean debug)
{
	process_name = process;
	log_debugging = debug;
	to_journal = g_log_writer_is_journald(STDERR_FILENO);
	setvbuf(stderr, NULL, _IOLBF, 0);
	g_log_set_writer_func(writer, NULL, NULL);
}

void log_write(GLogLevelFlags level, const LogContext *context, const char *format, ...)
{
	GLogField fields[8];
	gsize n = 0;
	g_autofree char *message = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);

#define FIELD(k, v)                                               \
	do {                                                      \
		const char *value_ = (v);                         \
		if (value_ != NULL && *value_ != '\0')            \
			fields[n++] = (GLogField){k, value_, -1}; \
	} while (0)
	FIELD("MESSAGE", message);
	FIELD("SYSLOG_IDENTIFIER", process_name);
	if (context != NULL) {
		FIELD("ORIEL_SESSION", context->session);
		FIELD("ORIEL_STEP", context->step);
		FIELD("ORIEL_USER", context->user);
		FIELD("ORIEL_PEER", context->peer);
		FIELD("ORIEL_DESKTOP", context->desktop);
	}
#undef FIELD
	g_log_structured_array(level, fields, n);
}
