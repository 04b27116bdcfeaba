/* SPDX-License-Identifier: GPL-3.0-or-later */
/* complete: command_complete(), for shells. All of it comes from the table of commands. */
#include <string.h>

#include "command.h"

#define ADMIN "/api/v1/admin/"

static const char *const shared_options[] = {"--config", "--help", "--json", "--socket",
					     "--version"};

/* Where the names of things are: by command's first word and the argument's key. */
static const struct {
	const char *command; /* a prefix of its words */
	const char *key;
	const char *path, *field;
} names[] = {
	{"image remove", "name", ADMIN "images", "name"},
	{"host ", "name", ADMIN "hosts", "name"},
	{"quota remove", "name", ADMIN "quotas", "name"},
	{"maintenance end", "name", ADMIN "maintenance", "name"},
	{"unlock", "user", ADMIN "bans", "user"},
	{"unlock", "address", ADMIN "bans", "address"},
	{"session move", "desktop", ADMIN "desktops", "id"},
	{"message", "user", ADMIN "sessions", "user"},
	{"pool ", "name", ADMIN "pools", "name"},
	{"pool ", "image", ADMIN "images", "name"},
	{"", "pool", ADMIN "pools", "name"},
	{"machine ", "id", ADMIN "machines", "id"},
	{"desktop ", "id", ADMIN "desktops", "id"},
	{"session ", "id", ADMIN "sessions", "id"},
	{"snapshot ", "id", ADMIN "desktops", "id"},
};

/* Arguments that say what kind of thing the next one names. */
static const struct {
	const char *command, *values;
} kinds[] = {
	{"quota ", "user|group|pool"},
	{"maintenance ", "pool|host|desktop"},
};

static void find_names(const Command *command, const char *key, const char **out_path,
		       const char **out_key)
{
	for (gsize i = 0; i < G_N_ELEMENTS(names) && *out_path == NULL; i++) {
		if (g_str_has_prefix(command->words, names[i].command) &&
		    g_str_equal(key, names[i].key)) {
			*out_path = names[i].path;
			*out_key = names[i].field;
		}
	}
}

static void add(GString *text, const char *word, const char *prefix)
{
	if (g_str_has_prefix(word, prefix) && strstr(text->str, word) != text->str)
		g_string_append_printf(text, "%s\n", word);
}

static void add_kinds(GString *text, const Command *command, const char *prefix)
{
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_auto(GStrv) values = g_strsplit(kinds[i].values, "|", -1);

		if (!g_str_has_prefix(command->words, kinds[i].command))
			continue;
		for (char **value = values; *value != NULL; value++)
			add(text, *value, prefix);
	}
}

/* The commands' next words after those that are there. */
static void add_commands(GString *text, char **words, unsigned n)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned i = 0; i < n_commands; i++) {
		g_auto(GStrv) name = g_strsplit(commands[i].words, " ", -1);
		unsigned at = 0;

		while (at < n && name[at] != NULL && g_str_equal(name[at], words[at]))
			at++;
		if (at == n && name[n] != NULL && g_str_has_prefix(name[n], words[n]) &&
		    g_hash_table_add(seen, g_strdup(name[n])))
			g_string_append_printf(text, "%s\n", name[n]);
	}
}

static const Command *whole_command(char **words, unsigned n, unsigned *out_used)
{
	const Command *found = NULL;

	for (unsigned i = 0; i < n_commands; i++) {
		g_auto(GStrv) name = g_strsplit(commands[i].words, " ", -1);
		unsigned at = 0;

		while (at < n && name[at] != NULL && g_str_equal(name[at], words[at]))
			at++;
		if (name[at] == NULL && (found == NULL || at > *out_used)) {
			found = &commands[i];
			*out_used = at;
		}
	}
	return found;
}

static const Option *option_named(const Command *command, const char *name)
{
	for (const Option *option = command->options; option->name != NULL; option++) {
		if (g_str_equal(option->name, name))
			return option;
	}
	return NULL;
}

/* "floating|dedicated|machines" says it all. */
static void add_values(GString *text, const Command *command, const Option *option,
		       const char *prefix, const char **out_path, const char **out_key)
{
	g_auto(GStrv) values = g_strsplit(option->value, "|", -1);

	if (option->kind == OPTION_PATH || option->kind == OPTION_SECRET) {
		*out_path = "files";
		return;
	}
	find_names(command, option->key, out_path, out_key);
	for (char **value = values; values[1] != NULL && *value != NULL; value++)
		add(text, *value, prefix);
}

/* Options that are not there yet, or the argument whose turn it is. */
static void add_rest(GString *text, const Command *command, char **words, unsigned n,
		     const char **out_path, const char **out_key)
{
	const char *prefix = words[n];
	unsigned arguments = 0;

	for (unsigned i = 0; i < n; i++) {
		const Option *option = option_named(command, words[i]);

		if (option != NULL && option->kind != OPTION_FLAG)
			i++;
		else if (option == NULL && !g_str_has_prefix(words[i], "--"))
			arguments++;
	}
	if (*prefix != '-' && arguments < G_N_ELEMENTS(command->arguments) &&
	    command->arguments[arguments] != NULL) {
		find_names(command, command->arguments[arguments], out_path, out_key);
		if (g_str_equal(command->arguments[arguments], "kind"))
			add_kinds(text, command, prefix);
	}
	for (const Option *option = command->options; option->name != NULL; option++) {
		if (!g_strv_contains((const char *const *)words, option->name))
			add(text, option->name, prefix);
	}
	for (gsize i = 0; *prefix == '-' && i < G_N_ELEMENTS(shared_options); i++)
		add(text, shared_options[i], prefix);
}

char *command_complete(char **words, const char **out_path, const char **out_key)
{
	GString *text = g_string_new(NULL);
	unsigned n = g_strv_length(words), used = 0;
	const Command *command;
	const Option *option;

	if (n == 0)
		return g_string_free(text, FALSE);
	n--; /* the last one is not whole yet */
	command = whole_command(words, n, &used);
	option = command && n > used ? option_named(command, words[n - 1]) : NULL;
	if (option != NULL && option->kind != OPTION_FLAG)
		add_values(text, command, option, words[n], out_path, out_key);
	else if (command != NULL) {
		/* "maintenance" is one by itself, and the begin of others. */
		if (n == used)
			add_commands(text, words, n);
		add_rest(text, command, words + used, n - used, out_path, out_key);
	} else if (*words[n] == '-')
		for (gsize i = 0; i < G_N_ELEMENTS(shared_options); i++)
			add(text, shared_options[i], words[n]);
	else
		add_commands(text, words, n);
	return g_string_free(text, FALSE);
}
