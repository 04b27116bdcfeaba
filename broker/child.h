/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * child: a program of ours that reads what strangers send, as a process with next to nothing: one
 * descriptor (number 3, a SOCK_SEQPACKET pair with the broker), fonts, keyboards and libraries to
 * read, a bound on its memory, no way to connect to anything or to write anywhere. It should end
 * when its descriptor 3 is closed.
 */
#pragma once

#include <glib.h>

#define CHILD_FD 3

typedef struct {
	int pid;   /* 0 = none                  */
	int fd;    /* the socket, -1 = closed   */
	int words; /* its standard error, -1    */
} Child;

/* argv[0] is the program's path; environment: all that it gets. FAULT_CONFIG: it cannot be run;
 * FAULT_BUG. */
gboolean child_start(Child *child, const char *const *argv, const char *const *environment,
		     GError **error);

/* One packet. fd: passed on with it, -1 = none; stays the caller's. FALSE: it does not listen any
 * more, or has not for seconds. */
gboolean child_send(const Child *child, const void *bytes, gsize n, int fd);

/* The next packet, without waiting: its bytes; 0 = there is none; -1 = it has gone, or the packet
 * is larger than n. */
gssize child_receive(const Child *child, void *bytes, gsize n);

/* Hangs up and leaves it alone: it may live on. */
void child_leave(Child *child);
/* Hangs up and waits for its end; by force if it takes long. Its last words are logged, as `what`,
 * if it ended otherwise than by itself. Accepts one that never started. */
void child_stop(Child *child, const char *what);
