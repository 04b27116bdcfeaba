/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table: see table.h. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "printable.h"

#define COLUMNS_MAX 16

static char *format_time(gint64 seconds)
{
	g_autoptr(GDateTime) time = seconds > 0 ? g_date_time_new_from_unix_local(seconds) : NULL;

	return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("");
}

static char *format_list(const json_t *list)
{
	g_autoptr(GString) words = g_string_new(NULL);

	for (gsize i = 0; i < json_array_size(list); i++) {
		const char *word = json_string_value(json_array_get(list, i));

		g_string_append_printf(words, "%s%s", i ? "," : "", word ? word : "");
	}
	return printable_text(words->str);
}

static char *format_cell(const json_t *value, ColumnKind kind)
{
	gint64 number = json_integer_value(value);

	if (json_is_string(value))
		return printable_text(json_string_value(value));
	if (json_is_array(value))
		return format_list(value);
	if (!json_is_integer(value))
		return g_strdup("");
	switch (kind) {
	case COLUMN_SECONDS: return format_time(number);
	case COLUMN_MILLISECONDS: return format_time(number / 1000);
	case COLUMN_BYTES: return number > 0 ? g_format_size((guint64)number) : g_strdup("");
	case COLUMN_TEXT:
	case COLUMN_NUMBER: break;
	}
	return g_strdup_printf("%" G_GINT64_FORMAT, number);
}

static gsize width_of(const char *text)
{
	gsize width = 0;

	for (; *text != '\0'; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);

		width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
	}
	return width;
}

static void append_cell(GString *out, const char *text, gsize width, gboolean right, gboolean last)
{
	gsize pad = width - width_of(text);

	if (right)
		g_string_append_printf(out, "%*s", (int)pad, "");
	g_string_append(out, text);
	if (!right && !last)
		g_string_append_printf(out, "%*s", (int)pad, "");
	g_string_append(out, last ? "\n" : "  ");
}

char *table_format(const json_t *rows, const Column *columns)
{
	g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
	gsize width[COLUMNS_MAX] = {0};
	GString *out = g_string_new(NULL);
	unsigned n = 0, last = 0;

	while (columns[n].title != NULL)
		n++;
	g_assert(n <= COLUMNS_MAX);
	for (gsize i = 0; i < json_array_size(rows); i++) {
		for (unsigned c = 0; c < n; c++) {
			char *cell = format_cell(
				json_object_get(json_array_get(rows, i), columns[c].key),
				columns[c].kind);

			g_ptr_array_add(cells, cell);
			width[c] = MAX(width[c], width_of(cell));
		}
	}
	for (unsigned c = 0; c < n; c++) {
		/* An empty list still shows what it would have. */
		if (width[c] == 0 && cells->len > 0)
			continue;
		width[c] = MAX(width[c], strlen(columns[c].title));
		last = c;
	}
	for (gsize i = 0; i <= json_array_size(rows); i++) {
		for (unsigned c = 0; c < n; c++) {
			const char *text = i == 0 ? columns[c].title
						  : g_ptr_array_index(cells, (i - 1) * n + c);

			if (width[c] > 0)
				append_cell(out, text, width[c],
					    columns[c].kind == COLUMN_NUMBER ||
						    columns[c].kind == COLUMN_BYTES,
					    c == last);
		}
	}
	return g_string_free(out, FALSE);
}

char *table_json(const json_t *json)
{
	char *text = json_dumps(json, JSON_INDENT(2) | JSON_ENCODE_ANY);
	g_autofree char *plain = printable_json(text);

	free(text);
	return g_strconcat(plain, "\n", NULL);
}
