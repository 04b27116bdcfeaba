/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scratch: what a test makes in a directory of its own: sockets that listen, and the way out again.
 */
#pragma once

#include <glib.h>

/* A socket that listens at that path. The caller closes it and removes the path. */
int scratch_listen_unix(const char *path);

/* The same on 127.0.0.1, at a port that the kernel gives away. */
int scratch_listen_tcp(int *out_port);

/* Removes a directory with all that is in it. Links are removed, never followed. */
void scratch_remove(const char *path);
