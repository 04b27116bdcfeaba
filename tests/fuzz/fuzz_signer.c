/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question that may be answered has its length, and asks for what a TLS server signs: one change
 * in what says so, and it may not be. */
#include "signer/signer_question.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	SignerQuestion question = {0};

	if (size > 0)
		memcpy(&question, data, MIN(size, sizeof question));
	if (!signer_question_valid(&question, size))
		return 0;
	g_assert(size == sizeof question);
	if (question.kind == SIGNER_READ)
		return 0;
	g_assert(question.kind == SIGNER_SIGN && question.n <= SIGNER_MESSAGE_MAX);
	g_assert(question.n > 64 + 4);
	g_assert(!signer_message_valid(question.message, question.n - 1));
	question.message[64] ^= 1; /* TLS's T, or its 3: a curve by name */
	g_assert(!signer_message_valid(question.message, question.n));
	return 0;
}
