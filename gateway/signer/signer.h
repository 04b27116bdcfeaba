/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signer: a process beside each worker that has the TLS key, and can do nothing but read its files
 * and sign what TLS servers sign in a handshake (signer_question.h). The worker, which reads what
 * strangers send, never has the key, nor may it open the directories in which it lies: the
 * certificate and the OCSP response come from here, too. Nor has the supervisor the key, which
 * starts a signer of its own to see whether the files are good.
 *
 * One for each worker, not one for all: so it ends with its worker, nobody waits for what another
 * worker asks, and those who go on after a reload keep the one that knows their files. A signer
 * that ends takes its worker along: that one drains as if it were stopped, at once
 * (signer_descriptor()), and the supervisor starts another, with a signer of its own.
 *
 * A question names the key that it means, by number: connections that began before a renewal finish
 * with the key of their certificate. The signer keeps the last SIGNER_KEYS keys, more than
 * anybody renews while a handshake may last.
 */
#pragma once

#include "net/tls_scheme.h"
#include "options.h"

#include <openssl/x509.h>

#define SIGNER_KEYS          4
#define SIGNER_SIGNATURE_MAX 2048 /* bytes: RSA with 16384 bits, the most that OpenSSL knows */

typedef struct Signer Signer;

/* What a reading found, all its own. */
typedef struct {
	X509 *certificate;
	STACK_OF(X509) * chain; /* NULL = none */
	guint32 key;            /* the number of its key */
	GBytes *ocsp;           /* NULL = none is wanted, or it cannot be read: */
	char *ocsp_unread;      /* NULL, or why */
} SignerFiles;

/* Forks: call it first, while this process has no connection that the other could inherit. Borrows
 * the options. FAULT_BUG. */
Signer *signer_start(const Options *options, GError **error);

/* Ends the process. Accepts NULL. No key made of it may be left (server_tls.h). */
void signer_free(Signer *signer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Signer, signer_free)

/* Hangs up when the other process has ended. For polling alone. */
int signer_descriptor(const Signer *signer);

/* The three files, as they are now. Waits for 20 seconds at most. FAULT_CONFIG names the file that
 * is wrong, or says that the certificate and the key do not belong together; FAULT_TIMEOUT,
 * FAULT_BUG: no answer. */
gboolean signer_read(Signer *signer, SignerFiles *out, GError **error);
void signer_files_clear(SignerFiles *files);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SignerFiles, signer_files_clear)

/* Into out, which has room for *out_n bytes. Waits for the other process only: the time of one
 * signature, two seconds at most. FAULT_TIMEOUT, FAULT_BUG. */
gboolean signer_sign(Signer *signer, guint32 key, const TlsScheme *scheme, const guint8 *message,
		     gsize n, guint8 *out, gsize *out_n, GError **error);
