/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * syscalls: which system calls a process may still make, seccomp(2).
 *
 * What is not allowed fails with EPERM: a library that tries something new after an update goes
 * on without it, and sessions live. The calls in the table of dangerous ones are different in a
 * process that faces the network: nothing that it links ever makes them, so who makes one is an
 * intruder, and the process ends (SIGSYS; the supervisor logs it and starts another). Every
 * refusal goes to the kernel's audit log.
 */
#pragma once

#include <glib.h>

/* The gateway's workers, once they have started: only what moves bytes over sockets that they
 * have, accepts and makes TCP connections, and reads files. */
gboolean syscalls_allow_gateway(GError **error);

/* The process that connects to the broker's sockets for a worker (gateway/dialer.h). */
gboolean syscalls_allow_dialer(GError **error);

/* For processes that run others' programs and modules: all but the dangerous, which fail with
 * EPERM. Programs that they start inherit it. */
gboolean syscalls_deny_dangerous(GError **error);
