/* SPDX-License-Identifier: GPL-3.0-or-later */
/* signer_inside: what both ends of a signer share: signer.c, the worker's, and signer_process.c. */
#pragma once

#include "signer/signer.h"
#include "signer/signer_question.h"

/* An answer: this, and what the status says. */
typedef struct {
	guint32 turn;
	guint32 status; /* SignerStatus */
} SignerAnswer;

typedef enum {
	SIGNER_SIGNED,  /* the signature                                        */
	SIGNER_READ_IT, /* SignerParts, and as many bytes of each as it says    */
	SIGNER_UNREAD,  /* words for the admin                                  */
	SIGNER_REFUSED, /* nothing: no such key, or not one for what was asked  */
} SignerStatus;

/* chain: certificates in DER, the server's first. */
typedef struct {
	guint32 key, chain, ocsp, ocsp_unread;
} SignerParts;

/* All in one packet, which the kernel takes up to 208 KiB of unless told otherwise. */
#define SIGNER_CHAIN_MAX (64u * 1024)
#define SIGNER_OCSP_MAX  (64u * 1024)
#define SIGNER_WORDS_MAX 1024u
#define SIGNER_ANSWER_MAX                                                                  \
	(sizeof(SignerAnswer) + sizeof(SignerParts) + SIGNER_CHAIN_MAX + SIGNER_OCSP_MAX + \
	 SIGNER_WORDS_MAX)

/* The other process (a BesideRun). */
void signer_process(int link, const Options *options);
