/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sandbox_auth: what a login may still do. It stays root, and free in what files it uses: PAM
 * modules are the site's own, read and (for an expired password) write where they must, ask
 * servers, and some run programs. What none needs for a login is to mount, to trace, to load code
 * into the kernel; and root's own set-user-id programs give it nothing.
 */
#pragma once

#include <glib.h>

/* For good, for this process and all that it starts. FAULT_BUG. */
gboolean sandbox_auth(GError **error);
