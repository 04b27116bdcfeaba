/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server: HTTP by libmicrohttpd for one socket. It has one thread with an epoll loop and does not
 * listen itself: a listener gives it connections. A request that may block is suspended and goes to
 * a worker; so a slow one never holds up another.
 */
#pragma once

#include <sys/socket.h>

#include "request.h"
#include "workers.h"

typedef struct Server Server;

/* services and workers must outlive it. per_address: connections from one address, 0 = no bound.
 * FAULT_BROKER. */
Server *server_new(const Services *services, Workers *workers, gboolean admin_socket,
		   unsigned per_address, GError **error);

/* Takes the descriptor. address NULL (length 0) if the client's is not known. */
void server_adopt(Server *server, int fd, const struct sockaddr *address, socklen_t length);

/* Lets ready answers go out (two seconds at most), then closes all connections. No request may be
 * with the workers any more. Accepts NULL. */
void server_free(Server *server);
