/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * beside: a process beside this one that does one thing for it (dialer.h, signer.h), over a socket
 * pair of packets. It ends with this one, or when this one's end of the pair is closed.
 */
#pragma once

#include "options.h"

/* What it does until that end is closed. Whoever returns from it ends the process well. */
typedef void (*BesideRun)(int link, const Options *options);

/* Forks: call it first, while this process has no key and no connection that the other could
 * inherit; that one keeps the standard streams and its link alone. Borrows the options; `name` is
 * what ps shows, 15 characters at most. This one's end, the caller's to close; or -1 with
 * FAULT_BUG. */
int beside_start(const char *name, BesideRun run, const Options *options, GError **error);
