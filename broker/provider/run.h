/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run: runs a helper program to its end, with a deadline and a bound on what it prints. */
#pragma once

#include <glib.h>

/*
 * Runs argv (looked up in PATH) without standard input. Standard output and standard error
 * together become *out_output (g_free; may be NULL; at most 64 KiB, the rest is dropped). With
 * `until`, the program is killed as soon as it has printed that text, and that is success; if it
 * ends without having printed it, that is failure.
 * FAULT_CONFIG (no such program), FAULT_DESKTOP (it failed; the message has its last words),
 * FAULT_TIMEOUT (it was killed).
 */
gboolean run_program(const char *const *argv, const char *until, unsigned seconds,
		     char **out_output, GError **error);

/* The same for a program that is told something by a variable of its environment (a secret: nobody
 * else can read that). */
gboolean run_program_with(const char *const *argv, const char *variable, const char *value,
			  unsigned seconds, char **out_output, GError **error);

/* Rules that the program enters before it begins: enter(data) is called between fork and exec, with
 * `fd` (-1: none) under the number `number`. */
typedef struct {
	void (*enter)(gpointer data);
	gpointer data;
	int fd, number;
} RunRules;

/* The same for a program that reads what strangers have written. */
gboolean run_program_under(const RunRules *rules, const char *const *argv, unsigned seconds,
			   char **out_output, GError **error);

/* The last three lines of a program's output as one line of printable text (g_free). */
char *run_last_words(const char *output);
