/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oriel-gateway: carries displays from desktops to clients over TLS. This file reads the options
 * and keeps the workers: one process per core, each on its own; a worker that dies takes only its
 * own sessions and is started again. What a worker does begins in worker.c, what a connection does
 * in session.c.
 *
 * It may: listen, read the TLS key, reach the broker's control socket and the desktops' displays.
 * It never runs a program, opens a database or sees PAM.
 */
#include "fault.h"
#include "log.h"
#include "options.h"
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define RESTART_SECONDS 1 /* at most one restart of a worker in this time */

/* A core dump would hold the TLS key and passwords; and nothing here ever gains rights. */
static void give_up_rights(void)
{
	struct rlimit files;

	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	signal(SIGPIPE, SIG_IGN);
}

static pid_t start_worker(const Options *options, unsigned number)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == 0) {
		g_autoptr(GError) error = NULL;

		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(1);
		if (!worker_run(options, number, &error)) {
			log_error(NULL, "worker %u: %s", number, error->message);
			exit(fault_code(error) == FAULT_CONFIG ? 78 : 1); /* 78: EX_CONFIG */
		}
		exit(0);
	}
	return pid;
}

static void stop_workers(const pid_t *pids, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (pids[i] > 0)
			kill(pids[i], SIGTERM);
	}
}

typedef struct {
	const Options *options;
	pid_t *pids; /* 0 = has ended */
	unsigned n, alive;
	gboolean stopping;
	int code;
} Workers;

/* A worker ended: for good if we are stopping or the configuration is wrong, which does not heal;
 * else it is started again. */
static void on_ended(Workers *workers, unsigned i, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 78 && !workers->stopping) {
		workers->stopping = TRUE;
		stop_workers(workers->pids, workers->n);
	}
	if (workers->stopping) {
		workers->code = MAX(workers->code, WIFEXITED(status) ? WEXITSTATUS(status) : 1);
		workers->pids[i] = 0;
		workers->alive--;
		return;
	}
	log_error(NULL, "worker %u ended by %s %d; starting it again", i,
		WIFSIGNALED(status) ? "signal" : "exit code",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	sleep(RESTART_SECONDS);
	workers->pids[i] = start_worker(workers->options, i);
}

static void reap(Workers *workers)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned i = 0; i < workers->n; i++) {
			if (workers->pids[i] == pid)
				on_ended(workers, i, status);
		}
	}
}

/* Until every worker has ended; the exit code. */
static int run(const Options *options)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	Workers workers = {.options = options};
	sigset_t signals;

	workers.n = options->workers > 0 ? (unsigned)options->workers : (unsigned)MAX(cores, 1);
	workers.alive = workers.n;
	workers.pids = g_new0(pid_t, workers.n);
	/* Blocked and waited for in one place, so that none can come between two steps. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	for (unsigned i = 0; i < workers.n; i++)
		workers.pids[i] = start_worker(options, i);
	while (workers.alive > 0) {
		int number = sigwaitinfo(&signals, NULL);

		if (number == SIGCHLD) {
			reap(&workers);
		} else if (number > 0) {
			workers.stopping = TRUE;
			stop_workers(workers.pids, workers.n);
		}
	}
	g_free(workers.pids);
	return workers.code;
}

int main(int argc, char **argv)
{
	g_autofree char *config = NULL;
	gboolean debug = FALSE, version = FALSE;
	const GOptionEntry entries[] = {
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, &config, "oriel.conf(5)", "FILE"},
		{"debug", 'd', 0, G_OPTION_ARG_NONE, &debug, "log what only we want to know", NULL},
		{"version", 0, 0, G_OPTION_ARG_NONE, &version, "print the version", NULL},
		{NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- carries displays to clients");
	g_autoptr(GError) error = NULL;
	g_autoptr(Options) options = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1) {
		fprintf(stderr, "oriel-gateway: %s\n", error ? error->message : "too many arguments");
		return 64; /* EX_USAGE */
	}
	if (version) {
		puts("oriel-gateway " ORIEL_VERSION);
		return 0;
	}
	log_init("gateway", debug);
	options = options_load(config ? config : "/etc/oriel/oriel.conf", &error);
	if (options == NULL) {
		log_error(NULL, "%s", error->message);
		return 78; /* EX_CONFIG */
	}
	give_up_rights();
	return run(options);
}
