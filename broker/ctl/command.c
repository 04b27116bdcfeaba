/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command: see command.h. */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "secret.h"

#define SECRET_MAX 512

void call_clear(Call *call)
{
	g_clear_pointer(&call->path, g_free);
	json_decref(call->body);
	call->body = NULL;
}

static gboolean wrong(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean wrong(GError **error, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	g_propagate_error(error, g_error_new_valist(FAULT, FAULT_CLIENT, format, values));
	va_end(values);
	return FALSE;
}

/* The command that the line begins with, and how many words name it. */
static const Command *find_command(char **words, unsigned *out_n)
{
	for (unsigned i = 0; i < n_commands; i++) {
		g_auto(GStrv) name = g_strsplit(commands[i].words, " ", -1);
		unsigned n = 0;

		while (name[n] != NULL && g_strcmp0(name[n], words[n]) == 0)
			n++;
		if (name[n] == NULL) {
			*out_n = n;
			return &commands[i];
		}
	}
	return NULL;
}

static const Option *find_option(const Command *command, const char *word, const char **out_value)
{
	const char *end = strchrnul(word, '=');

	for (const Option *option = command->options; option->name != NULL; option++) {
		if (strlen(option->name) != (gsize)(end - word) ||
		    strncmp(option->name, word, (gsize)(end - word)) != 0)
			continue;
		*out_value = *end == '=' ? end + 1 : NULL;
		return option;
	}
	return NULL;
}

/* The first line of a file. In a file and not on the command line, since everybody can read that
 * with ps(1). */
static json_t *read_secret(const char *path, GError **error)
{
	FILE *file = g_strcmp0(path, "-") == 0 ? stdin : fopen(path, "re");
	char line[SECRET_MAX + 2] = "";
	json_t *json = NULL;

	if (file == NULL || (fgets(line, sizeof(line), file) == NULL && ferror(file))) {
		fault_set_errno(error, FAULT_CLIENT, path);
	} else {
		line[strcspn(line, "\r\n")] = '\0';
		if (strlen(line) > SECRET_MAX || (json = json_string(line)) == NULL)
			wrong(error, "%s: not a line of text that could be a password", path);
	}
	secret_wipe(line, sizeof(line));
	if (file != NULL && file != stdin)
		fclose(file);
	return json;
}

static json_t *read_list(const char *value, GError **error)
{
	g_auto(GStrv) words = g_strsplit(value, ",", -1);
	json_t *list = json_array();

	for (char **word = words; *word != NULL; word++) {
		if (**word != '\0' && json_array_append_new(list, json_string(*word)) < 0) {
			json_decref(list);
			wrong(error, "not UTF-8");
			return NULL;
		}
	}
	return list;
}

static json_t *read_value(const Option *option, const char *value, GError **error)
{
	g_autofree char *path = NULL;
	gint64 number;

	switch (option->kind) {
	case OPTION_FLAG: return json_true();
	case OPTION_SECRET: return read_secret(value, error);
	case OPTION_LIST: return read_list(value, error);
	case OPTION_NUMBER:
		if (g_ascii_string_to_signed(value, 10, 0, G_MAXINT64, &number, NULL))
			return json_integer(number);
		wrong(error, "%s wants a number, not \"%s\"", option->name, value);
		return NULL;
	case OPTION_PATH:
		path = g_canonicalize_filename(value, NULL);
		value = path;
		break;
	case OPTION_TEXT: break;
	}
	if (!g_utf8_validate(value, -1, NULL)) {
		wrong(error, "%s: not UTF-8", option->name);
		return NULL;
	}
	return json_string(value);
}

static gboolean take_option(const Command *command, char ***at, json_t *values, GError **error)
{
	const char *word = **at, *value;
	const Option *option = find_option(command, word, &value);
	json_t *json;

	if (option == NULL)
		return wrong(error, "%s has no option %s", command->words, word);
	if (option->kind == OPTION_FLAG && value != NULL)
		return wrong(error, "%s takes no value", option->name);
	if (option->kind != OPTION_FLAG && value == NULL) {
		value = *++*at;
		if (value == NULL)
			return wrong(error, "%s wants a value: %s", option->name, option->value);
	}
	if (json_object_get(values, option->key) != NULL)
		return wrong(error, "%s is there twice", option->name);
	json = read_value(option, value, error);
	if (json == NULL)
		return FALSE;
	json_object_set_new(values, option->key, json);
	return TRUE;
}

/* All that the line says, by the API's keys. */
static gboolean take_words(const Command *command, char **words, json_t *values, GError **error)
{
	unsigned n = 0;

	for (char **at = words; *at != NULL; at++) {
		if (g_str_has_prefix(*at, "--")) {
			if (!take_option(command, &at, values, error))
				return FALSE;
			continue;
		}
		if (n == G_N_ELEMENTS(command->arguments) || command->arguments[n] == NULL)
			return wrong(error, "\"%s\" is too much for %s", *at, command->words);
		if (**at == '\0' || !g_utf8_validate(*at, -1, NULL))
			return wrong(error, "an empty %s", command->arguments[n]);
		json_object_set_new(values, command->arguments[n++], json_string(*at));
	}
	if (n < G_N_ELEMENTS(command->arguments) && command->arguments[n] != NULL)
		return wrong(error, "%s wants %s %s", command->words,
			     strchr("aeiou", *command->arguments[n]) ? "an" : "a",
			     command->arguments[n]);
	for (const Option *option = command->options; option->name != NULL; option++) {
		if (option->required && json_object_get(values, option->key) == NULL)
			return wrong(error, "%s wants %s %s", command->words, option->name,
				     option->value);
	}
	return TRUE;
}

/* The value as it stands in a URL. */
static char *in_url(json_t *value)
{
	if (json_is_string(value))
		return g_uri_escape_string(json_string_value(value), NULL, FALSE);
	if (json_is_integer(value))
		return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return g_strdup("1");
}

/* Puts values into the path's {words}, and takes them out of the rest. */
static GString *fill_path(const char *path, json_t *values)
{
	GString *filled = g_string_new(NULL);

	while (*path != '\0') {
		const char *open = strchrnul(path, '{');

		g_string_append_len(filled, path, open - path);
		if (*open == '\0')
			break;
		path = strchr(open, '}') + 1;

		g_autofree char *key = g_strndup(open + 1, (gsize)(path - open - 2));
		g_autofree char *text = in_url(json_object_get(values, key));

		g_string_append(filled, text);
		json_object_del(values, key);
	}
	return filled;
}

gboolean command_parse(char **words, Call *out_call, GError **error)
{
	json_t *values;
	const Command *command;
	GString *path;
	const char *key;
	json_t *value;
	unsigned n = 0;

	command = find_command(words, &n);
	if (command == NULL)
		return words[0] ? wrong(error, "there is no command \"%s%s%s\"", words[0],
					words[1] ? " " : "", words[1] ? words[1] : "")
				: wrong(error, "what shall be done?");
	values = json_object();
	if (!take_words(command, words + n, values, error)) {
		json_decref(values);
		return FALSE;
	}
	out_call->command = command;
	if (command->local) {
		out_call->body = values;
		return TRUE;
	}
	path = fill_path(command->path, values);
	if (g_str_equal(command->method, "POST")) {
		out_call->body = json_object_size(values) > 0 ? json_incref(values) : NULL;
	} else {
		json_object_foreach (values, key, value) {
			g_autofree char *text = in_url(value);

			g_string_append_printf(path, "%c%s=%s", strchr(path->str, '?') ? '&' : '?',
					       key, text);
		}
	}
	json_decref(values);
	out_call->path = g_string_free(path, FALSE);
	return TRUE;
}

char *command_help(const char *words)
{
	GString *help = g_string_new(NULL);

	for (unsigned i = 0; i < n_commands; i++) {
		const Command *command = &commands[i];

		if (command->help == NULL || !g_str_has_prefix(command->words, words))
			continue;
		g_string_append_printf(help, "  %s", command->words);
		for (unsigned n = 0; n < G_N_ELEMENTS(command->arguments); n++) {
			g_autofree char *name = command->arguments[n]
							? g_ascii_strup(command->arguments[n], -1)
							: NULL;

			if (name != NULL)
				g_string_append_printf(help, " %s", name);
		}
		for (const Option *option = command->options; option->name != NULL; option++)
			g_string_append_printf(help, option->required ? " %s%s%s" : " [%s%s%s]",
					       option->name, option->value ? " " : "",
					       option->value ? option->value : "");
		g_string_append_printf(help, "\n      %s.\n", command->help);
	}
	return g_string_free(help, FALSE);
}
