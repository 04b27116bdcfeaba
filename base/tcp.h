/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tcp: how connections are made, and what each of ours has. */
#pragma once

#include <glib.h>
#include <netdb.h>

/* Clients and desktops that are silent for so long are gone. */
#define TCP_GONE_SECONDS 120

/*
 * Small messages go at once (TCP_NODELAY), and who vanishes without a word is noticed after so many
 * seconds: a silent one is asked for a sign of life from half of them on. Keep-alive asks only
 * while nothing is on its way; what nobody takes has the same time, or the kernel would go on
 * trying for a quarter of an hour (tcp(7), TCP_USER_TIMEOUT). For a connection, or a listening
 * socket, whose connections have it from there; a Unix socket knows none of it and stays as it is.
 */
void tcp_prepare(int fd, unsigned seconds);

/*
 * A connection to the first of a host's addresses that answers: each has a head start of a quarter
 * of a second over the next (RFC 8305, 5), for packets to one of them may be dropped.
 * Close-on-exec, non-blocking and not prepared; *out_of is the address. The deadline is one of
 * g_get_monotonic_time(). -1: errno says why the last one failed, ETIMEDOUT that there was no time
 * left.
 */
int tcp_connect(const struct addrinfo *info, gint64 deadline, const struct addrinfo **out_of);
