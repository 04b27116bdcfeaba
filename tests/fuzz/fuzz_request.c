/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a person's program may send to the broker's API, behind HTTP: lines "name=value" are its
 * query up to an empty one, the rest is a JSON body, read with each of the shapes that the handlers
 * want.
 */
#include "request.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void read_body(Request *request)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) root = NULL;
	g_autoptr(json_t) again = NULL;
	const char *text = NULL, *other = NULL;
	json_t *list = NULL;
	int number = 0;

	if (request_json(request, &root, &error, "{s:s,s?:s}", "user", &text, "password", &other))
		g_assert(text != NULL);
	else
		g_assert(error != NULL && root == NULL);
	g_clear_error(&error);
	if (request_json(request, &again, &error, "{s?:o,s?:i}", "answers", &list, "max", &number))
		g_assert(again != NULL);
	else
		g_assert(error != NULL && again == NULL);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);
	const char *blank = strstr(text, "\n\n");
	g_autofree char *head = g_strndup(text, blank ? (gsize)(blank - text) : strlen(text));
	g_auto(GStrv) lines = g_strsplit(head, "\n", 16);
	Request *request = request_new(NULL, FALSE, "192.0.2.1", "POST", "/api/v1/login");
	g_autoptr(GError) error = NULL;
	gint64 number;

	request_add_header(request, "Content-Type", "application/json");
	for (char **line = lines; *line; line++) {
		char *equals = strchr(*line, '=');

		if (equals)
			*equals = '\0';
		request_add_query(request, *line, equals ? equals + 1 : NULL);
		request_add_header(request, *line, equals ? equals + 1 : NULL);
	}
	if (!request_number(request, "limit", 1, 500, 100, &number, &error))
		g_assert(error != NULL);
	else
		g_assert(number >= 1 && number <= 500);
	request_flag(request, "all");
	if (blank)
		g_byte_array_append(request->body, data + (blank + 2 - text),
				    (guint)(size - (gsize)(blank + 2 - text)));
	read_body(request);
	request_free(request);
	return 0;
}
