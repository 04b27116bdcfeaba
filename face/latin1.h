/* SPDX-License-Identifier: GPL-3.0-or-later */
/* latin1: VNC's cut text (RFC 6143, 7.5.6 and 7.6.4). No iconv(): it would load a module. */
#pragma once

#include <glib.h>

/* UTF-8, up to a zero or n bytes; g_free() it. */
char *latin1_decode(const char *bytes, gsize n);

/* utf8 is valid; what Latin-1 has not becomes a question mark. */
GString *latin1_encode(const char *utf8);
