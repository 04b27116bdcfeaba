/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls_memory: OpenSSL's memory. A connection has room for a record only while one passes, so that
 * an idle one costs none: each record that comes or goes would take 17 KB from the heap and give
 * them back, which merges and splits them every time. So the process has two such rooms, one for a
 * record that is read and one for one that is written; whoever comes while both are taken gets
 * the heap's. Only for a process that uses OpenSSL from one thread.
 */
#pragma once

#include <glib.h>

/* Before anything of OpenSSL is used. FALSE: too late, all is as it would be without. */
gboolean tls_memory_init(void);
