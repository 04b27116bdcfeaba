/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stall: see stall.h. */
#include "stall.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t watched = -1, cut;

static void on_alarm(int number)
{
	int saved = errno;

	cut = 1;
	shutdown(watched, SHUT_RDWR);
	errno = saved;
}

void stall_watch(int fd)
{
	const struct sigaction ours = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};

	stall_forget();
	cut = 0;
	watched = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	sigaction(SIGALRM, &ours, NULL);
}

static void alarm_after(time_t seconds)
{
	const struct itimerval timer = {.it_value.tv_sec = seconds};

	setitimer(ITIMER_REAL, &timer, NULL);
}

void stall_forget(void)
{
	alarm_after(0);
	if (watched >= 0)
		close(watched);
	watched = -1;
}

void stall_begin(unsigned seconds)
{
	alarm_after((time_t)seconds);
}

gboolean stall_end(void)
{
	alarm_after(0);
	return !cut;
}
