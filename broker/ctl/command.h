/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command: what orielctl can do. One table (commands.c) drives the command line, the help and the
 * request that is made of it: what stands on the line becomes the path's {words}, the query of a
 * GET or DELETE, or the JSON body of a POST.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef enum {
	OPTION_TEXT,
	OPTION_NUMBER,
	OPTION_PATH,   /* made absolute: the broker has another working directory */
	OPTION_SECRET, /* a file ("-": standard input) whose first line it is     */
	OPTION_LIST,   /* of words between commas */
	OPTION_FLAG,
} OptionKind;

typedef struct {
	const char *name; /* "--kind" */
	const char *key;  /* of the API */
	OptionKind kind;
	const char *value; /* what the help calls it */
	gboolean required;
} Option;

typedef enum {
	COLUMN_TEXT,
	COLUMN_NUMBER,
	COLUMN_BYTES,
	COLUMN_SECONDS,      /* since 1970 */
	COLUMN_MILLISECONDS, /* since 1970 */
} ColumnKind;

typedef struct {
	const char *title;
	const char *key;
	ColumnKind kind;
} Column;

typedef struct {
	const char *words; /* "pool add" */
	const char *method;
	const char *path;
	const char *help;         /* NULL: a short name for another row, not in the help */
	const char *arguments[3]; /* keys, in order; NULL ends */
	Option options[12];       /* name NULL ends            */
	const Column *columns;    /* of a list; NULL = none    */
	gboolean local;           /* no request: main.c does it, with the body's values */
	gboolean save;            /* the answer is bytes for a file: standard output       */
	gboolean follow;          /* the answer is a stream without end                  */
} Command;

extern const Command commands[];
extern const unsigned n_commands;

typedef struct {
	const Command *command;
	char *path;   /* with the query */
	json_t *body; /* may hold a secret; NULL = none */
} Call;
void call_clear(Call *call);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Call, call_clear)

/* Reads the words of a command line (NULL-terminated, without the program's name and the options
 * that all commands share). FAULT_CLIENT says in words what is wrong with it. */
gboolean command_parse(char **words, Call *out_call, GError **error);

/* What may stand where the last of these words does (which may be ""), one a line: commands,
 * options, and the values that they say they take. *out_path: an API call whose list has them in
 * its key *out_key, NULL = none; "files": files. g_free() the text. */
char *command_complete(char **words, const char **out_path, const char **out_key);

/* One line for each command that begins with the words given ("" = all). g_free() it. */
char *command_help(const char *words);
