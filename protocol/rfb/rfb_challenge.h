/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb_challenge: VNC authentication (RFC 6143, 7.2.2), for both sides of it: a random challenge,
 * and what a password makes of it. Only its first eight bytes count.
 */
#pragma once

#include <glib.h>

#define RFB_CHALLENGE 16 /* bytes; of the response, too */

/* FALSE: this system's OpenSSL has no DES. */
gboolean rfb_challenge_answer(const char *password, const guint8 *challenge, guint8 *response);
