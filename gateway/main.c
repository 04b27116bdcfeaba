/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oriel-gateway: carries displays from desktops to clients over TLS. This file reads the options;
 * supervisor.c keeps the workers, one process per core. What a worker does begins in worker.c, what
 * a connection does in session.c.
 *
 * It may: listen, reach the broker's sockets and the desktops' displays; signers have its TLS key
 * (signer.h). It never opens a database or sees PAM, and runs no program but its own successor
 * (upgrade.h).
 */
#include "fault.h"
#include "log.h"
#include "net/tls_memory.h"
#include "options.h"
#include "rights.h"
#include "supervisor.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

/* Each client takes a descriptor, each desktop another. */
static void take_all_descriptors(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

int main(int argc, char **argv)
{
	g_autofree char *config = NULL;
	gboolean debug = FALSE, version = FALSE, check = FALSE;
	const GOptionEntry entries[] = {
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, &config, "oriel.conf(5)", "FILE"},
		{"check", 0, 0, G_OPTION_ARG_NONE, &check, "try the configuration and end", NULL},
		{"debug", 'd', 0, G_OPTION_ARG_NONE, &debug, "log what only we want to know", NULL},
		{"version", 0, 0, G_OPTION_ARG_NONE, &version, "print the version", NULL},
		{NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- carries displays to clients");
	g_autoptr(GError) error = NULL;
	g_autoptr(Options) options = NULL;
	g_auto(GStrv) words = g_strdupv(argv); /* the option parser takes its own out of argv */

	tls_memory_init();
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1) {
		fprintf(stderr, "oriel-gateway: %s\n",
			error ? error->message : "too many arguments");
		return 64; /* EX_USAGE */
	}
	if (version) {
		puts("oriel-gateway " ORIEL_VERSION);
		return 0;
	}
	log_init("gateway", debug);
	options = options_load(config ? config : "/etc/oriel/oriel.conf", &error);
	if (options == NULL || (check && !supervisor_try(options, &error))) {
		log_error(NULL, "%s", error->message);
		return 78; /* EX_CONFIG */
	}
	if (check)
		return 0;
	if (!rights_freeze(&error)) {
		log_error(NULL, "%s", error->message);
		return 1;
	}
	take_all_descriptors();
	signal(SIGPIPE, SIG_IGN);
	/* This line also opens the journal, which the workers inherit: they can open nothing. */
	log_info(NULL, "version " ORIEL_VERSION);
	return supervisor_run(options, words);
}
