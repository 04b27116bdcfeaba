/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fdpass: see fdpass.h. */
#include "fdpass.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef union {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(FDPASS_MAX * sizeof(int))];
} Control;

ssize_t fdpass_send(int socket, const void *bytes, gsize n, const int *fds, guint n_fds, int flags)
{
	Control control = {0};
	struct iovec iov = {(void *)bytes, n};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};

	g_assert(n_fds <= FDPASS_MAX);
	if (n_fds > 0) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(n_fds * sizeof *fds);
		control.align = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS,
						 .cmsg_len = CMSG_LEN(n_fds * sizeof *fds)};
		memcpy(CMSG_DATA(&control.align), fds, n_fds * sizeof *fds);
	}
	return sendmsg(socket, &header, flags | MSG_NOSIGNAL);
}

ssize_t fdpass_send_one(int socket, const void *bytes, gsize n, int fd, int flags)
{
	return fdpass_send(socket, bytes, n, &fd, fd >= 0, flags);
}

ssize_t fdpass_receive(int socket, void *bytes, gsize n, int *fds, guint *out_n_fds, int flags)
{
	Control control;
	struct iovec iov = {bytes, n};
	struct msghdr header = {.msg_iov = &iov,
				.msg_iovlen = 1,
				.msg_control = &control,
				.msg_controllen = sizeof control};
	ssize_t got = recvmsg(socket, &header, flags | MSG_CMSG_CLOEXEC);

	*out_n_fds = 0;
	if (got < 0)
		return got;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
		gsize size = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		/* The kernel makes one of all of them, and it fits. */
		memcpy(fds, CMSG_DATA(c), size);
		*out_n_fds = (guint)(size / sizeof *fds);
	}
	/* An empty packet is taken for the end, and no end brings anything. */
	while (got == 0 && *out_n_fds > 0)
		close(fds[--*out_n_fds]);
	return got;
}

ssize_t fdpass_receive_one(int socket, void *bytes, gsize n, int *out_fd, int flags)
{
	int fds[FDPASS_MAX];
	guint n_fds;
	ssize_t got = fdpass_receive(socket, bytes, n, fds, &n_fds, flags);

	*out_fd = n_fds > 0 ? fds[0] : -1;
	for (guint i = 1; i < n_fds; i++)
		close(fds[i]);
	return got;
}
