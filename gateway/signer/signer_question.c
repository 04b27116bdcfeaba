/* SPDX-License-Identifier: GPL-3.0-or-later */
/* signer_question: see signer_question.h. */
#include "signer/signer_question.h"

#include <string.h>

#define PADDING 64 /* spaces before the words of 1.3; in 1.2 two random numbers of half of that */

/* With the zero at its end. */
static const char words[] = "TLS 1.3, server CertificateVerify";

/* The hash of all that was said: SHA-256 or SHA-384, as the cipher has it. */
static gboolean is_tls13(const guint8 *message, gsize n)
{
	const gsize head = PADDING + sizeof words;

	if (n != head + 32 && n != head + 48)
		return FALSE;
	for (gsize i = 0; i < PADDING; i++) {
		if (message[i] != ' ')
			return FALSE;
	}
	return memcmp(message + PADDING, words, sizeof words) == 0;
}

/* ServerECDHParams: a group that has a name, and a point of it. */
static gboolean is_tls12(const guint8 *message, gsize n)
{
	static const struct {
		guint8 group, point;
	} ours[] = {{23, 65}, {24, 97}, {29, 32}}; /* P-256, P-384, X25519: as in net/tls.c */
	const guint8 *params = message + PADDING;

	if (n < PADDING + 4 || params[0] != 3 || params[1] != 0)
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(ours); i++) {
		if (params[2] == ours[i].group)
			return params[3] == ours[i].point && n == PADDING + 4u + ours[i].point;
	}
	return FALSE;
}

gboolean signer_message_valid(const guint8 *message, gsize n)
{
	return is_tls13(message, n) || is_tls12(message, n);
}

gboolean signer_question_valid(const SignerQuestion *question, gsize n)
{
	if (n != sizeof *question)
		return FALSE;
	switch (question->kind) {
	case SIGNER_READ: return TRUE;
	case SIGNER_SIGN:
		return question->scheme <= G_MAXUINT16 && question->n <= SIGNER_MESSAGE_MAX &&
		       signer_message_valid(question->message, question->n);
	default: return FALSE;
	}
}
