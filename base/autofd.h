/* SPDX-License-Identifier: GPL-3.0-or-later */
/* autofd: a descriptor that closes when it leaves its scope: "autofd int fd = -1;". */
#pragma once

#include <unistd.h>

static inline void autofd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define autofd __attribute__((cleanup(autofd_close)))

/* Takes the descriptor out, so that it is not closed here. */
static inline int autofd_steal(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
