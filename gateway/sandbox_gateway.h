/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sandbox_gateway: what a worker may still do once it has started. It reads the system's
 * certificate authorities, serves its listeners, makes TCP connections to desktops. It cannot open
 * another file, write one, run a program, make code, make any socket but TCP, listen anew, or touch
 * another process; its dialer connects to the broker for it, its signer has the key.
 */
#pragma once

#include "options.h"

/* For good, for this thread and all that it starts. What this kernel cannot do is no error:
 * out_lacks says it in words for the log, or is NULL. FAULT_CONFIG, FAULT_BUG. */
gboolean sandbox_gateway(const char **out_lacks, GError **error);

/* The same for a worker's dialer (dialer.h): it keeps what it has open, and connects
 * Unix sockets. */
gboolean sandbox_dialer(GError **error);

/* The same for its signer (signer.h): it keeps what it has open, and reads the directories of the
 * certificate, the key and the OCSP response. */
gboolean sandbox_signer(const Options *options, GError **error);
