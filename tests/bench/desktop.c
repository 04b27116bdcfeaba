/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench-desktop: a desktop without a picture (serve.h), as a process of its own.
 *
 *   bench-desktop vnc|spice SOCKET
 */
#include "serve.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

int main(int argc, char **argv)
{
	struct epoll_event events[64];
	int loop = epoll_create1(EPOLL_CLOEXEC);

	if (argc != 3 || (strcmp(argv[1], "vnc") != 0 && strcmp(argv[1], "spice") != 0)) {
		fprintf(stderr, "use: bench-desktop vnc|spice SOCKET\n");
		return 64;
	}
	if (!serve_start(argv[2], argv[1][0] == 's', loop)) {
		perror(argv[2]);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		int n = epoll_wait(loop, events, G_N_ELEMENTS(events), -1);

		for (int i = 0; i < n; i++) {
			Ready *ready = events[i].data.ptr;

			ready->take(ready);
		}
	}
}
