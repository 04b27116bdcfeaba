/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls_memory: OpenSSL's memory. A connection has room for a record only while one passes, so that
 * an idle one costs none: each record that comes or goes takes 17 KB from the heap and gives them
 * back, which merges and splits them every time. So two rooms of just that size are kept for the
 * next ones. As with buffer.h: each thread has its own.
 */
#pragma once

#include <glib.h>

/* Before anything of OpenSSL is used. FALSE: too late, all is as it would be without. */
gboolean tls_memory_init(void);

/* Gives back what is kept for the next records. */
void tls_memory_tidy(void);
