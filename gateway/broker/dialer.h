/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dialer: a process beside each worker that connects to the broker's two sockets for it, and can do
 * nothing else. The worker itself, which reads what strangers send, then needs no right to make
 * Unix sockets; Landlock could not tell the broker's from a hypervisor's. It ends with its worker.
 */
#pragma once

#include "options.h"

typedef struct Dialer Dialer;
typedef enum { DIALER_CONTROL, DIALER_WEB } DialerTarget;

/* Forks: call it first, while this process has no key and no connection that the other could
 * inherit. Borrows the options. FAULT_BUG. */
Dialer *dialer_start(const Options *options, GError **error);

/* To the broker that answered last or, if that one is away, to the next in options->brokers. A
 * connected descriptor, non-blocking; or -1 with FAULT_BROKER. Waits for the other process only,
 * which never waits for the broker: microseconds, two seconds at most. */
int dialer_connect(Dialer *dialer, DialerTarget target, GError **error);

/* Ends the process. Accepts NULL. */
void dialer_free(Dialer *dialer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dialer, dialer_free)
