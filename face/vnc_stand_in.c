/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vnc_stand_in: see vnc_stand_in.h. */
#include "vnc_stand_in.h"

#include "autofd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define VERSION "RFB 003.008\n"

gboolean vnc_stand_in_init(VncStandIn *stand_in)
{
	stand_in->ends[0] = stand_in->ends[1] = -1;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stand_in->ends) == 0;
}

void vnc_stand_in_clear(VncStandIn *stand_in)
{
	autofd_close(&stand_in->ends[0]);
	autofd_close(&stand_in->ends[1]);
}

gboolean vnc_stand_in_meet(VncStandIn *stand_in, rfbScreenInfoPtr screen, int fd,
			   rfbClientPtr *out_client)
{
	autofd int real = fd;
	int number = stand_in->ends[0];

	g_assert(number >= 0);
	*out_client = NULL;
	if (write(stand_in->ends[1], VERSION, strlen(VERSION)) == (gssize)strlen(VERSION)) {
		stand_in->ends[0] = -1; /* the library's from here on */
		*out_client = rfbNewClient(screen, number);
	}
	close(autofd_steal(&stand_in->ends[1]));
	return *out_client != NULL && rfbSetNonBlocking(real) &&
	       dup3(real, number, O_CLOEXEC) == number &&
	       rfbWriteExact(*out_client, VERSION, (int)strlen(VERSION)) > 0;
}
