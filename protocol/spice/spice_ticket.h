/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice_ticket: the password of a SPICE link, encrypted for the other side's RSA-1024 key
 * (OAEP, SHA-1, MGF1-SHA-1, no label: the protocol knows nothing else). It travels inside TLS; the
 * RSA adds no secrecy and is only what stock viewers and desktops speak. So one key per process
 * does, made at first use and never stored.
 */
#pragma once

#include "spice_link.h"

#define SPICE_TICKET_BYTES 128
#define SPICE_TICKET_MAX   59 /* characters: what QEMU and spice-gtk both take */

/* SPICE_LINK_KEY bytes of this process's public key, or NULL with FAULT_CONFIG if the system's
 * cryptography refuses RSA-1024 (FIPS mode). Static memory. */
const guint8 *spice_ticket_key(GError **error);

/*
 * Decrypts a viewer's ticket with our key. Never fails: one that cannot be read (or is not UTF-8)
 * becomes a fresh random one, which opens nothing, so that a bad encryption and a wrong ticket look
 * and last the same. "" if the viewer sent none. secret_free() it.
 */
char *spice_ticket_open(const guint8 cipher[SPICE_TICKET_BYTES]);

/* Encrypts a password (NULL = none) for a desktop's key. FAULT_DESKTOP: the key is not RSA-1024;
 * FAULT_CONFIG: the password is longer than SPICE_TICKET_MAX. */
gboolean spice_ticket_seal(const guint8 key[SPICE_LINK_KEY], const char *password,
			   guint8 out_cipher[SPICE_TICKET_BYTES], GError **error);
