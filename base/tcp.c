/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tcp: see tcp.h. */
#include "tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "autofd.h"

#define PROBES        4
#define ADDRESSES     8 /* of a host, that are tried */
#define HEAD_START_MS 250

typedef struct {
	struct pollfd tries[ADDRESSES];
	const struct addrinfo *of[ADDRESSES];
	nfds_t n;
	int reason; /* errno of the last one that failed */
} Race;

static void race_join(Race *race, const struct addrinfo *info)
{
	autofd int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || (connect(fd, info->ai_addr, info->ai_addrlen) < 0 && errno != EINPROGRESS)) {
		race->reason = errno;
		return;
	}
	race->of[race->n] = info;
	race->tries[race->n++] = (struct pollfd){.fd = autofd_steal(&fd), .events = POLLOUT};
}

/* Who is through, or -1; who has failed leaves. */
static int race_winner(Race *race, const struct addrinfo **out_of)
{
	for (nfds_t i = race->n; i-- > 0;) {
		autofd int fd = race->tries[i].fd;
		int failed = 0;
		socklen_t size = sizeof failed;

		if (race->tries[i].revents == 0) {
			autofd_steal(&fd);
			continue;
		}
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) < 0)
			failed = errno;
		*out_of = race->of[i];
		race->n--;
		race->tries[i] = race->tries[race->n];
		race->of[i] = race->of[race->n];
		if (failed == 0)
			return autofd_steal(&fd);
		race->reason = failed;
	}
	return -1;
}

static int milliseconds_until(gint64 deadline)
{
	gint64 left = deadline - g_get_monotonic_time();

	return left <= 0 ? 0 : (int)MIN((left + 999) / 1000, G_MAXINT);
}

int tcp_connect(const struct addrinfo *info, gint64 deadline, const struct addrinfo **out_of)
{
	Race race = {.reason = EADDRNOTAVAIL};
	int fd = -1;

	while (fd < 0 && (info != NULL || race.n > 0)) {
		int left = milliseconds_until(deadline);

		if (info != NULL) {
			race_join(&race, info);
			info = race.n < ADDRESSES ? info->ai_next : NULL;
		}
		if (race.n == 0)
			continue;
		if (poll(race.tries, race.n, info ? MIN(left, HEAD_START_MS) : left) > 0) {
			fd = race_winner(&race, out_of);
		} else if (left == 0) {
			race.reason = ETIMEDOUT;
			break;
		}
	}
	for (nfds_t i = 0; i < race.n; i++)
		close(race.tries[i].fd);
	errno = race.reason;
	return fd;
}

void tcp_prepare(int fd, unsigned seconds)
{
	const int on = 1, idle = (int)seconds / 2, interval = (int)seconds / 2 / PROBES,
		  probes = PROBES;
	const unsigned untaken = 1000 * seconds;

	/* A Unix socket says so at the first. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &untaken, sizeof untaken);
}
