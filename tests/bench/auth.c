/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench-auth: stands in for oriel-auth where PAM's own time shall not be measured: lets everybody
 * in at once. (It also does for a display that somebody only looks whether it is there.)
 *
 *   bench-auth SOCKET
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/authwire.h"
#include "control/jsonframe.h"

static void *serve(void *data)
{
	int fd = GPOINTER_TO_INT(data);
	char *groups[] = {(char *)"staff", NULL};
	guint8 bytes[4096];
	gsize have = 0;
	g_auto(AuthMessage) begin = {0};

	while (auth_decode(bytes, have, &begin, NULL) == 0) {
		ssize_t n = recv(fd, bytes + have, sizeof bytes - have, 0);

		if (n <= 0)
			break;
		have += (gsize)n;
	}
	if (begin.user != NULL) {
		AuthMessage accepted = {.type = AUTH_ACCEPTED,
					.user = begin.user,
					.groups = groups,
					.prompts = auth_prompts_new()};
		GByteArray *answer = auth_encode(&accepted);

		if (send(fd, answer->data, answer->len, MSG_NOSIGNAL) != (ssize_t)answer->len)
			perror("bench-auth");
		jsonframe_wipe(answer);
		g_ptr_array_unref(accepted.prompts);
	}
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path)
		return 2;
	strcpy(address.sun_path, argv[1]);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
	    chmod(argv[1], 0666) < 0 || listen(listener, SOMAXCONN) < 0) {
		perror(argv[1]);
		return 1;
	}
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		pthread_t thread;

		if (fd >= 0 && pthread_create(&thread, NULL, serve, GINT_TO_POINTER(fd)) == 0)
			pthread_detach(thread);
	}
}
