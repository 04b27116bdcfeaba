/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vnc_password: what VNC viewers without TLS come to the login screen with, from the admin's file.
 */
#pragma once

#include <glib.h>

#include "options.h"

/* *out: a Secret (secret.h), or NULL if there is none. FALSE with FAULT_CONFIG: the file cannot be
 * read, is empty or long, or nobody would be shown a login screen. */
gboolean vnc_password_read(const Options *options, char **out, GError **error);
