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
#include <linux/filter.h>

/* The gateway's workers, once they have started: only what moves bytes over sockets that they
 * have, accepts and makes TCP connections, and reads files. */
gboolean syscalls_allow_gateway(GError **error);

/* The process that connects to the broker's sockets for a worker (gateway/broker/dialer.h). */
gboolean syscalls_allow_dialer(GError **error);

/* The process that has a worker's TLS key (gateway/signer/signer.h): it reads files. */
gboolean syscalls_allow_signer(GError **error);

/* A program that shows pictures to one client over sockets that it was given: it moves bytes over
 * those and reads files; it makes no socket but pairs, no process, and runs nothing. To be called
 * before the first thread is there. */
gboolean syscalls_allow_painter(GError **error);

/* The same for a program that has a desktop behind it, too: what the libraries of VNC, SPICE and
 * RDP viewers need besides. */
gboolean syscalls_allow_bridge(GError **error);

/*
 * The filter for a program that serves Unix sockets and never dials: no connecting (nor io_uring,
 * which would connect past any filter), no socket of another kind, and no giving away of its user's
 * files to others. Made before a fork, for syscalls_enter() between fork and exec. Freed with
 * syscalls_program_clear().
 */
gboolean syscalls_serve_only(struct sock_fprog *out_program, GError **error);

void syscalls_program_clear(struct sock_fprog *program);

/* Puts the filter in force for good, for this thread and all that it starts. Needs rights_freeze()
 * or PR_SET_NO_NEW_PRIVS. A system call and no more. FALSE: errno says why. */
gboolean syscalls_enter(const struct sock_fprog *program);

/* For processes that run others' programs and modules: all but the dangerous, which fail with
 * EPERM. Programs that they start inherit it. */
gboolean syscalls_deny_dangerous(GError **error);
