/* SPDX-License-Identifier: GPL-3.0-or-later */
/* beside: see beside.h. */
#include "beside.h"

#include "fault.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINK 3 /* the first after the standard streams */

/* Signals that stop a whole group are the other process's to handle: it may still need this one
 * while its sessions drain. */
static G_NORETURN void become(const char *name, int link, pid_t parent, BesideRun run,
			      const Options *options)
{
	prctl(PR_SET_NAME, name);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	if (getppid() != parent || dup2(link, LINK) < 0 || close_range(LINK + 1, ~0u, 0) < 0)
		_exit(1);
	run(LINK, options);
	_exit(0);
}

int beside_start(const char *name, BesideRun run, const Options *options, GError **error)
{
	pid_t parent = getpid(), pid;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		fault_set_errno(error, FAULT_BUG, "socketpair");
		return -1;
	}
	pid = fork();
	if (pid == 0)
		become(name, ends[1], parent, run, options);
	close(ends[1]);
	if (pid < 0) {
		fault_set_errno(error, FAULT_BUG, "fork");
		close(ends[0]);
		return -1;
	}
	return ends[0];
}
