/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * orielctl: the administrator's command line. It makes one request of its words, sends it to the
 * broker's admin socket, and prints the answer: tables for people, the API's JSON for programs.
 * It holds no rights of its own: the broker asks the kernel who is calling.
 *
 * "doctor" alone looks for itself (doctor.h). Ends with 0 if it was done, 1 if it was refused or
 * failed, 2 if the line makes no sense.
 */
#include <curl/curl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "doctor.h"
#include "fault.h"
#include "options.h"
#include "printable.h"
#include "table.h"

#define DEFAULT_CONFIG "/etc/oriel/oriel.conf"
#define NAMES_SECONDS  3L /* while somebody at a shell waits for the end of a word */

/* What all commands share; it may stand anywhere on the line. */
typedef struct {
	char *socket_path;
	char *config;
	gboolean json;
	gboolean help;
	gboolean version;
} Shared;

static void print_usage(FILE *file, const char *words)
{
	g_autofree char *help = command_help(words);

	if (*help == '\0')
		fputs("Try \"orielctl --help\".\n", file);
	else
		fprintf(file,
			"Usage: orielctl [--socket PATH | --config FILE] [--json] COMMAND\n\n%s",
			help);
}

/* Takes the shared options off the line and leaves the rest. */
static gboolean take_shared(char **words, Shared *shared, GPtrArray *rest, GError **error)
{
	for (; *words != NULL; words++) {
		char **text = g_str_equal(*words, "--socket")   ? &shared->socket_path
			      : g_str_equal(*words, "--config") ? &shared->config
								: NULL;

		if (text != NULL) {
			if (words[1] == NULL) {
				g_set_error(error, FAULT, FAULT_CLIENT, "%s wants a path", *words);
				return FALSE;
			}
			*text = *++words;
		} else if (g_str_equal(*words, "--json")) {
			shared->json = TRUE;
		} else if (g_str_equal(*words, "--help") || g_str_equal(*words, "-h")) {
			shared->help = TRUE;
		} else if (g_str_equal(*words, "--version")) {
			shared->version = TRUE;
		} else {
			g_ptr_array_add(rest, *words);
		}
	}
	g_ptr_array_add(rest, NULL);
	return TRUE;
}

static const char *find_config(const Shared *shared)
{
	if (shared->config == NULL && g_file_test(DEFAULT_CONFIG, G_FILE_TEST_EXISTS))
		return DEFAULT_CONFIG;
	return shared->config;
}

/* Where the broker listens: as said, or as configured. */
static char *find_socket(const Shared *shared, GError **error)
{
	g_autoptr(Options) options = NULL;

	if (shared->socket_path != NULL)
		return g_strdup(shared->socket_path);
	options = options_load(find_config(shared), error);
	return options ? g_strdup(options->admin) : NULL;
}

static gboolean print_answer(const Call *call, const Shared *shared, char *text, GError **error)
{
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	g_autofree char *shown = NULL;

	if (shared->json) {
		/* An answer that is only words, or nothing, is JSON for programs all the same. */
		if (root == NULL)
			root = *text ? json_pack("{s:s}", "message", g_strchomp(text))
				     : json_object();
		shown = table_json(root);
	} else if (call->command->columns != NULL) {
		if (!json_is_array(root)) {
			json_decref(root);
			g_set_error(error, FAULT, FAULT_BROKER, "the broker's answer is no list");
			return FALSE;
		}
		shown = table_format(root, call->command->columns);
	} else if (json_string_value(json_object_get(root, "id")) != NULL) {
		puts(json_string_value(json_object_get(root, "id")));
	} else if (json_string_value(json_object_get(root, "token")) != NULL) {
		puts(json_string_value(json_object_get(root, "token")));
	} else if (json_is_object(root) && g_str_equal(call->command->method, "GET")) {
		shown = table_json(root);
	} else if (root == NULL) {
		fputs(text, stdout);
	}
	if (shown != NULL)
		fputs(shown, stdout);
	json_decref(root);
	return TRUE;
}

static int complain(const GError *error, int code)
{
	g_autofree char *words = NULL;

	g_assert(error != NULL);
	words = printable_text(error->message);
	fprintf(stderr, "orielctl: %s\n", words);
	return code;
}

static int run(const Call *call, const Shared *shared)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *socket_path = find_socket(shared, &error);
	g_autofree char *text = NULL;

	if (socket_path == NULL)
		return complain(error, 1);
	if (call->command->save)
		return client_save(socket_path, call->path, &error) ? 0 : complain(error, 1);
	if (call->command->follow && !client_follow(socket_path, call->path, &error))
		return complain(error, 1);
	if (!client_ask(socket_path, call->command->method, call->path, call->body, &text,
			&error) ||
	    !print_answer(call, shared, text, &error))
		return complain(error, 1);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int examine(const Call *call, const Shared *shared)
{
	return doctor_run(find_config(shared), shared->socket_path,
			  json_string_value(json_object_get(call->body, "pam_dir")),
			  json_string_value(json_object_get(call->body, "user")), shared->json);
}

/* Names that only the broker knows, if it answers. */
static void print_names(const Shared *shared, const char *path, const char *key)
{
	g_autofree char *socket_path = find_socket(shared, NULL);
	g_autofree char *text = NULL;
	json_t *list;

	if (socket_path == NULL || !client_look(socket_path, path, NAMES_SECONDS, &text, NULL))
		return;
	list = json_loads(text, 0, NULL);
	for (gsize i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_object_get(json_array_get(list, i), key));

		if (name != NULL)
			puts(name);
	}
	json_decref(list);
}

/* For the shell (config/completion/orielctl): what may stand in the place of the last word. */
static int complete(char **words)
{
	g_autoptr(GPtrArray) rest = g_ptr_array_new();
	g_autofree char *text = NULL;
	const char *path = NULL, *key = NULL;
	Shared shared = {NULL};

	if (!take_shared(words, &shared, rest, NULL))
		return 1;
	text = command_complete((char **)rest->pdata, &path, &key);
	fputs(text, stdout);
	if (path != NULL && g_str_equal(path, "files"))
		puts("//files");
	else if (path != NULL)
		print_names(&shared, path, key);
	return 0;
}

int main(int argc, char **argv)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	g_auto(Call) call = {NULL};
	Shared shared = {NULL};
	int code;

	setlocale(LC_ALL, "");
	if (argc > 1 && g_str_equal(argv[1], "--complete"))
		return complete(argv + 2);
	if (!take_shared(argv + (argc > 0), &shared, words, &error))
		return complain(error, 2);
	if (shared.version) {
		puts("orielctl " ORIEL_VERSION);
		return 0;
	}
	if (shared.help) {
		print_usage(stdout, words->len > 1 ? words->pdata[0] : "");
		return 0;
	}
	if (!command_parse((char **)words->pdata, &call, &error)) {
		complain(error, 2);
		print_usage(stderr, words->len > 1 ? words->pdata[0] : "");
		return 2;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	code = call.command->local ? examine(&call, &shared) : run(&call, &shared);
	curl_global_cleanup();
	return code;
}
