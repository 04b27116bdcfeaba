/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fdpass: bytes over a Unix socket, and open descriptors beside them (SCM_RIGHTS, unix(7)). In a
 * stream the descriptors come with the first of the bytes they were sent with.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

#define FDPASS_MAX 128 /* descriptors in one message; the kernel allows 253 */

/* As send(2) with these flags, and never a SIGPIPE. The descriptors stay the caller's. */
ssize_t fdpass_send(int socket, const void *bytes, gsize n, const int *fds, guint n_fds, int flags);
/* The same with one, or with none: fd -1. */
ssize_t fdpass_send_one(int socket, const void *bytes, gsize n, int fd, int flags);

/* As recv(2) with these flags. fds: room for FDPASS_MAX; *out_n_fds of them came, close-on-exec and
 * the caller's, none where the result is not above 0. More than there is room for nobody gets. */
ssize_t fdpass_receive(int socket, void *bytes, gsize n, int *fds, guint *out_n_fds, int flags);
/* The same where one at most belongs: *out_fd is the first, -1 = none; others are closed. */
ssize_t fdpass_receive_one(int socket, void *bytes, gsize n, int *out_fd, int flags);
