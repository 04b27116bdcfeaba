/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A guest that was taken over says these bytes to the port where it is told who it is. It is
 * believed only if it has told back all that it was told.
 */
#include "guest_identity.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKET_ROOM 65536 /* without a reader; a longer input is cut */

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_auto(GuestIdentity)
		identity = guest_identity_of("lab-1", "5b6bcd4c-33c1-4ab0-a1de-75a1d4b0f3a5");
	gint64 deadline = g_get_monotonic_time() + G_USEC_PER_SEC;
	g_autoptr(GError) error = NULL;
	g_autofree char *random = NULL;
	int ends[2];

	g_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	g_assert(write(ends[1], data, MIN(size, SOCKET_ROOM)) >= 0);
	shutdown(ends[1], SHUT_WR);
	if (guest_identity_await(ends[0], deadline, &error) &&
	    guest_identity_tell(ends[0], &identity, deadline, &error))
		guest_identity_confirm(ends[0], &identity, deadline, &random, &error);
	g_assert((random == NULL) == (error != NULL));
	g_assert(random == NULL || (memmem(data, size, "host lab-1\n", 11) &&
				    memmem(data, size, identity.machine_id, 32)));
	close(ends[0]);
	close(ends[1]);
	return 0;
}
