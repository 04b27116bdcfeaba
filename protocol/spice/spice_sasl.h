/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice_sasl: SASL PLAIN (RFC 4616) as SPICE carries it, server role, by hand: stock viewers ask
 * their user for a name and a password and send them in one piece, inside TLS.
 *
 *   server: u32 5, "PLAIN"
 *   client: u32 5, "PLAIN", u32 n, n bytes: authzid NUL user NUL password [NUL]
 *   server: u32 0 (no data), u8 1 (complete), then the SASL result u32 and, if that is 0,
 *           the link's result u32, which looks the same
 */
#pragma once

#include "buffer.h"
#include "fault.h"

#define SPICE_SASL_NAME     9    /* the length and the name of the mechanism */
#define SPICE_SASL_DATA_MAX 1024 /* three texts of a person's size */

void spice_sasl_append_list(Buffer *out);

/* Checks the client's choice: SPICE_SASL_NAME bytes. FAULT_CLIENT if it is another mechanism. */
gboolean spice_sasl_choice(const guint8 bytes[SPICE_SASL_NAME], GError **error);

/* Takes the n bytes of PLAIN apart. FAULT_CLIENT: malformed; FAULT_DENIED: no user, or the wish to
 * act as somebody else. secret_free() both. */
gboolean spice_sasl_plain(const guint8 *bytes, gsize n, char **out_user, char **out_password,
			  GError **error);

/* The end of it: complete, and the link result that follows (0 = welcome). */
void spice_sasl_append_result(Buffer *out, guint32 result);
