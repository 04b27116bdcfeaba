/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signer_question: what a worker may ask its signer (signer.h), and whether that is what a TLS
 * server signs. Packets of one size over a socket pair; no sockets and no keys here.
 */
#pragma once

#include <glib.h>

#define SIGNER_MESSAGE_MAX 192

typedef enum {
	SIGNER_READ = 1, /* the files, anew             */
	SIGNER_SIGN,     /* the message, with that key */
} SignerKind;

typedef struct {
	guint32 turn; /* comes back with the answer              */
	guint32 kind;
	guint32 key; /* which: by the number that its reading gave it */
	guint32 scheme;
	guint32 n;
	guint8 message[SIGNER_MESSAGE_MAX];
} SignerQuestion;

/* A question of n bytes that came: may it be answered? Whether there is such a key, and whether
 * the scheme is one for it, is the signer's to see. */
gboolean signer_question_valid(const SignerQuestion *question, gsize n);

/* Is this what a server signs in a handshake of TLS 1.3 (RFC 8446, 4.4.3), or of 1.2 with one of
 * the groups that we offer (RFC 8422, 5.4)? Nothing else is signed: no client's part, no
 * certificate, no letter. */
gboolean signer_message_valid(const guint8 *message, gsize n);
