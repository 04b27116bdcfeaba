/* SPDX-License-Identifier: GPL-3.0-or-later */
/* signer: see signer.h. The worker's end; the other one is signer_process.c. */
#include "signer/signer_inside.h"

#include "beside.h"
#include "fault.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIGN_MS 2000
#define READ_MS 20000 /* of a disk, by a process that may only just have begun */

struct Signer {
	int fd;
	guint32 turn; /* an answer that came too late is not taken for the next one */
};

Signer *signer_start(const Options *options, GError **error)
{
	int fd = beside_start("oriel-signer", signer_process, options, error);
	Signer *signer;

	if (fd < 0)
		return NULL;
	signer = g_new0(Signer, 1);
	signer->fd = fd;
	return signer;
}

void signer_free(Signer *signer)
{
	if (signer == NULL)
		return;
	close(signer->fd);
	g_free(signer);
}

int signer_descriptor(const Signer *signer)
{
	return signer->fd;
}

/* ---- a question and its answer */

static gboolean unanswered(gboolean late, GError **error)
{
	if (late)
		g_set_error(error, FAULT, FAULT_TIMEOUT, "the signer does not answer");
	else
		g_set_error(error, FAULT, FAULT_BUG, "the signer is gone");
	return FALSE;
}

/* *out_answer: room for *n bytes; what came, without its head, begins at its second member. A
 * signer that has not answered the one before yet is not sent more than its socket holds. */
static gboolean ask(Signer *signer, SignerQuestion *question, int ms, SignerAnswer *out_answer,
		    gsize *n, GError **error)
{
	struct pollfd link = {.fd = signer->fd, .events = POLLIN};
	ssize_t got;

	question->turn = ++signer->turn;
	if (send(signer->fd, question, sizeof *question, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return unanswered(errno == EAGAIN, error);
	for (;;) {
		int ready = poll(&link, 1, ms);

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return unanswered(TRUE, error);
		got = recv(signer->fd, out_answer, *n, MSG_DONTWAIT);
		if (got <= 0)
			return unanswered(FALSE, error);
		if ((gsize)got >= sizeof *out_answer && out_answer->turn == question->turn)
			break;
	}
	*n = (gsize)got - sizeof *out_answer;
	return TRUE;
}

/* ---- signatures */

gboolean signer_sign(Signer *signer, guint32 key, const TlsScheme *scheme, const guint8 *message,
		     gsize n, guint8 *out, gsize *out_n, GError **error)
{
	SignerQuestion question = {
		.kind = SIGNER_SIGN, .key = key, .scheme = scheme->number, .n = (guint32)n};
	struct {
		SignerAnswer head;
		guint8 signature[SIGNER_SIGNATURE_MAX];
	} answer;
	gsize got = sizeof answer;

	if (n <= sizeof question.message) {
		memcpy(question.message, message, n);
		if (!ask(signer, &question, SIGN_MS, &answer.head, &got, error))
			return FALSE;
		if (answer.head.status == SIGNER_SIGNED && got > 0 && got <= *out_n) {
			memcpy(out, answer.signature, got);
			*out_n = got;
			return TRUE;
		}
	}
	g_set_error(error, FAULT, FAULT_BUG, "the signer does not sign that");
	return FALSE;
}

/* ---- the files */

void signer_files_clear(SignerFiles *files)
{
	X509_free(files->certificate);
	sk_X509_pop_free(files->chain, X509_free);
	g_clear_pointer(&files->ocsp, g_bytes_unref);
	g_free(files->ocsp_unread);
	*files = (SignerFiles){0};
}

/* The first is the server's own. */
static gboolean take_chain(const guint8 *bytes, gsize n, SignerFiles *out)
{
	const guint8 *at = bytes, *end = bytes + n;

	out->certificate = d2i_X509(NULL, &at, (long)n);
	out->chain = sk_X509_new_null();
	while (out->certificate != NULL && at < end) {
		X509 *next = d2i_X509(NULL, &at, (long)(end - at));

		if (next == NULL || sk_X509_push(out->chain, next) <= 0) {
			X509_free(next);
			break;
		}
	}
	ERR_clear_error();
	return out->certificate != NULL && at == end;
}

static gboolean take_files(const guint8 *bytes, gsize n, SignerFiles *out)
{
	g_auto(SignerFiles) files = {0};
	SignerParts parts;

	if (n < sizeof parts)
		return FALSE;
	memcpy(&parts, bytes, sizeof parts);
	bytes += sizeof parts;
	if (parts.chain > SIGNER_CHAIN_MAX || parts.ocsp > SIGNER_OCSP_MAX ||
	    parts.ocsp_unread > SIGNER_WORDS_MAX ||
	    n != sizeof parts + parts.chain + parts.ocsp + parts.ocsp_unread ||
	    !take_chain(bytes, parts.chain, &files))
		return FALSE;
	files.key = parts.key;
	bytes += parts.chain;
	if (parts.ocsp > 0)
		files.ocsp = g_bytes_new(bytes, parts.ocsp);
	if (parts.ocsp_unread > 0)
		files.ocsp_unread = g_strndup((const char *)bytes + parts.ocsp, parts.ocsp_unread);
	*out = files;
	files = (SignerFiles){0};
	return TRUE;
}

gboolean signer_read(Signer *signer, SignerFiles *out, GError **error)
{
	SignerQuestion question = {.kind = SIGNER_READ};
	g_autofree SignerAnswer *answer = g_malloc(SIGNER_ANSWER_MAX);
	const guint8 *bytes = (const guint8 *)(answer + 1);
	gsize n = SIGNER_ANSWER_MAX;

	if (!ask(signer, &question, READ_MS, answer, &n, error))
		return FALSE;
	if (answer->status == SIGNER_READ_IT && take_files(bytes, n, out))
		return TRUE;
	if (answer->status == SIGNER_UNREAD)
		g_set_error(error, FAULT, FAULT_CONFIG, "%.*s", (int)n, (const char *)bytes);
	else
		g_set_error(error, FAULT, FAULT_BUG, "the signer does not say what it has read");
	return FALSE;
}
