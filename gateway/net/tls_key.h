/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls_key: a private key that is elsewhere. To OpenSSL it is an EVP_PKEY as any other, but this
 * process has its public half alone; what there is to sign goes to a function. A provider of
 * OpenSSL 3 (provider(7)) in a library context of its own, where nothing else looks for anything:
 * the methods that RSA and EC keys had before are deprecated, know no Ed25519, and would have the
 * other side do arithmetic instead of signing.
 */
#pragma once

#include "tls_scheme.h"

/* Signs the message with key `number`: into out, which has room for *out_n bytes. FALSE: it is
 * not signed, *error says why, and the handshake fails: tls_key_failed(). */
typedef gboolean (*TlsKeySign)(gpointer data, guint32 number, const TlsScheme *scheme,
			       const guint8 *message, gsize n, guint8 *out, gsize *out_n,
			       GError **error);

/* public: the public half, which the key keeps a reference to. data must outlive the key, and
 * every SSL_CTX and SSL that has it. NULL: OpenSSL cannot do that with a key of this kind. */
EVP_PKEY *tls_key_new(EVP_PKEY *public, TlsKeySign sign, gpointer data, guint32 number);

/* Whether OpenSSL, which has just failed, did so for want of a signature: FAULT_BUG then, ours,
 * and not the client's. Leaves OpenSSL's errors as they are. */
gboolean tls_key_failed(GError **error);
