/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor: see supervisor.h. */
#include "supervisor.h"

#include "fault.h"
#include "log.h"
#include "worker.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define RESTART_SECONDS 1 /* at most one restart of a worker in this time */

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

int supervisor_run(const Options *options)
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
