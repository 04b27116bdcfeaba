/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * strangers: connections of which it is not known yet whose they are. There are so many places for
 * them and no more; when all are taken, whoever comes next gets that of the one that has waited
 * longest among those of the address that has the most. So neither one that opens connections and
 * says nothing, nor many such, keep out a gateway, which says at once who it is. Thread-safe.
 */
#pragma once

#include <glib.h>
#include <netinet/in.h>

typedef struct Strangers Strangers;

/* Part of whatever stands for a connection; zeroed. */
typedef struct {
	int fd; /* the connection's */
	char from[INET6_ADDRSTRLEN];
	GList link; /* data NULL = known, or gone */
} Stranger;

Strangers *strangers_new(unsigned most);
void strangers_free(Strangers *strangers); /* accepts NULL */

/* The connection has come; who lost its place for it is shut down (shutdown(2)). The descriptor
 * must stay open until strangers_remove(). */
void strangers_add(Strangers *strangers, Stranger *stranger, int fd);
/* It has shown who it is, or goes; once more does nothing. */
void strangers_remove(Strangers *strangers, Stranger *stranger);
