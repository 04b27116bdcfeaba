/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ocsp: a statement of the certificate's issuer that it is not revoked, handed out with the
 * certificate (RFC 6066, 8; RFC 6960). Somebody else fetches it (an ACME client, cron with
 * "openssl ocsp") and writes the file; the gateway asks nobody.
 */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

/*
 * Takes what was read from the file (DER, as responders send it), checks that the issuer has signed
 * it for the context's certificate and that it is good now, and staples it to every handshake that
 * asks for it, until its time is over. The context must have its certificate and chain. It is freed
 * with the context. FAULT_CONFIG says what is wrong; then nothing is stapled.
 */
gboolean ocsp_staple(SSL_CTX *context, const char *file, GBytes *content, GError **error);
