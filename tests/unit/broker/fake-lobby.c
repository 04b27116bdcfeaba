/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake-lobby: a lobby that draws nothing: what the broker says goes to the client's connection as
 * it is, behind a 32-bit length in the machine's order, and the other way. So a test is the person.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BROKER = 3 };

static char bytes[200000];

/* A packet of the broker; the descriptor that comes with one is the client. */
static ssize_t from_broker(int *client)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {bytes, sizeof bytes};
	struct msghdr header = {.msg_iov = &iov,
				.msg_iovlen = 1,
				.msg_control = control,
				.msg_controllen = sizeof control};
	ssize_t n = recvmsg(BROKER, &header, 0);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&header) : NULL;

	if (c) {
		memcpy(client, CMSG_DATA(c), sizeof *client);
		fcntl(*client, F_SETFL, 0); /* it waits */
	}
	return n;
}

static int tell_client(int client, ssize_t n)
{
	uint32_t length = (uint32_t)n;

	return write(client, &length, sizeof length) == sizeof length &&
	       write(client, bytes, length) == n;
}

static int from_client(int client)
{
	uint32_t length;

	return recv(client, &length, sizeof length, MSG_WAITALL) == sizeof length &&
	       length <= sizeof bytes &&
	       recv(client, bytes, length, MSG_WAITALL) == (ssize_t)length &&
	       send(BROKER, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

int main(void)
{
	struct pollfd fds[] = {{.fd = BROKER, .events = POLLIN}, {.fd = -1, .events = POLLIN}};

	/* The first packet comes before there is anybody to hear it. */
	ssize_t opened = recv(BROKER, bytes, sizeof bytes, 0);
	char first[4096];

	signal(SIGPIPE, SIG_IGN);
	if (opened <= 0 || (size_t)opened > sizeof first)
		return 1;
	memcpy(first, bytes, (size_t)opened);
	if (from_broker(&fds[1].fd) <= 0)
		return 1;
	memcpy(bytes, first, (size_t)opened);
	if (!tell_client(fds[1].fd, opened))
		return 0;
	while (poll(fds, 2, -1) > 0) {
		ssize_t n = fds[0].revents ? from_broker(&fds[1].fd) : 1;

		if (n <= 0 || (fds[0].revents && !tell_client(fds[1].fd, n)))
			return 0;
		if (fds[1].revents && !from_client(fds[1].fd))
			return 0;
	}
	return 0;
}
