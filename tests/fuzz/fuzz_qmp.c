/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A QEMU that was taken over says these bytes to its broker, which greets it and asks
 * three things. */
#include "fault.h"
#include "qemu/qmp.h"

#include <sys/socket.h>
#include <unistd.h>

#define SOCKET_ROOM 65536 /* without a reader; a longer input is cut */

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	gint64 deadline = g_get_monotonic_time() + G_USEC_PER_SEC;
	g_autoptr(GError) error = NULL;
	g_autoptr(Qmp) qmp = NULL;
	int ends[2];

	g_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	g_assert(write(ends[1], data, MIN(size, SOCKET_ROOM)) >= 0);
	shutdown(ends[1], SHUT_WR);
	qmp = qmp_new(ends[0], deadline, &error);
	g_assert((qmp == NULL) == (error != NULL));
	for (unsigned i = 0; qmp != NULL && i < 3; i++) {
		json_t *answer;

		g_clear_error(&error);
		answer = qmp_execute(qmp, "query-status", NULL, deadline, &error);
		g_assert((answer == NULL) == (error != NULL));
		json_decref(answer);
	}
	close(ends[1]);
	return 0;
}
