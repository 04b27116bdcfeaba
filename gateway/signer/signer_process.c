/* SPDX-License-Identifier: GPL-3.0-or-later */
/* signer_process: the process that has the key; see signer.h. One question and one answer at a
 * time, as packets over a socket pair. */
#include "signer/signer_inside.h"

#include "fault.h"
#include "log.h"
#include "net/tls.h"
#include "sandbox_gateway.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A key that is ready to sign by that scheme: all the same looking up is done once. */
typedef struct {
	guint32 key; /* 0 = none is */
	const TlsScheme *scheme;
	EVP_PKEY_CTX *context;
	EVP_MD *digest;
} Ready;

typedef struct {
	int link;
	const Options *options;
	EVP_PKEY *keys[SIGNER_KEYS]; /* number N is at N modulo their count */
	guint32 last;                /* the highest number; 0 = none was read yet */
	Ready ready;                 /* what was signed with last                 */
} Process;

static void answer(const Process *p, guint32 turn, SignerStatus status, const void *bytes, gsize n)
{
	SignerAnswer head = {.turn = turn, .status = status};
	struct iovec parts[] = {{&head, sizeof head}, {(void *)bytes, n}};
	const struct msghdr packet = {.msg_iov = parts, .msg_iovlen = G_N_ELEMENTS(parts)};

	(void)sendmsg(p->link, &packet, MSG_NOSIGNAL);
}

/* ---- the files */

/* The number of that key: the one that it has, or a new one. */
static guint32 keep(Process *p, EVP_PKEY *key)
{
	EVP_PKEY **slot;

	for (guint32 i = 0; i < SIGNER_KEYS && i < p->last; i++) {
		if (EVP_PKEY_eq(p->keys[(p->last - i) % SIGNER_KEYS], key) == 1)
			return p->last - i;
	}
	slot = &p->keys[++p->last % SIGNER_KEYS];
	EVP_PKEY_free(*slot);
	EVP_PKEY_up_ref(key);
	*slot = key;
	return p->last;
}

static gboolean add_certificate(GByteArray *bytes, X509 *certificate)
{
	guint8 *der = NULL;
	int n = i2d_X509(certificate, &der);

	if (n > 0)
		g_byte_array_append(bytes, der, (guint)n);
	OPENSSL_free(der);
	return n > 0 && bytes->len <= SIGNER_CHAIN_MAX;
}

static gboolean add_chain(GByteArray *bytes, const TlsIdentity *identity, const char *file,
			  GError **error)
{
	gboolean fits = add_certificate(bytes, identity->certificate);

	for (int i = 0; fits && i < sk_X509_num(identity->chain); i++)
		fits = add_certificate(bytes, sk_X509_value(identity->chain, i));
	if (!fits)
		g_set_error(error, FAULT, FAULT_CONFIG, "certificate %s: more than %u bytes", file,
			    SIGNER_CHAIN_MAX);
	return fits;
}

/* FALSE: it stays without. */
static gboolean add_ocsp(GByteArray *bytes, const char *file, GError **error)
{
	g_autofree char *content = NULL;
	gsize n;

	if (!g_file_get_contents(file, &content, &n, error))
		return FALSE;
	if (n == 0 || n > SIGNER_OCSP_MAX) {
		g_set_error(error, FAULT, FAULT_CONFIG, "it has %zu bytes", n);
		return FALSE;
	}
	g_byte_array_append(bytes, (guint8 *)content, (guint)n);
	return TRUE;
}

static gboolean read_files(Process *p, GByteArray *out, GError **error)
{
	const Options *o = p->options;
	g_auto(TlsIdentity) identity = {0};
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(GError) unread = NULL;
	SignerParts parts = {0};

	if (!tls_identity_read(&identity, o->certificate, o->key, error) ||
	    !add_chain(bytes, &identity, o->certificate, error))
		return FALSE;
	parts.chain = bytes->len;
	if (*o->ocsp != '\0' && !add_ocsp(bytes, o->ocsp, &unread)) {
		parts.ocsp_unread = MIN((guint32)strlen(unread->message), SIGNER_WORDS_MAX);
		g_byte_array_append(bytes, (guint8 *)unread->message, parts.ocsp_unread);
	} else {
		parts.ocsp = bytes->len - parts.chain;
	}
	parts.key = keep(p, identity.key);
	g_byte_array_append(out, (guint8 *)&parts, sizeof parts);
	g_byte_array_append(out, bytes->data, bytes->len);
	return TRUE;
}

static void answer_read(Process *p, guint32 turn)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autoptr(GError) error = NULL;

	if (read_files(p, bytes, &error)) {
		answer(p, turn, SIGNER_READ_IT, bytes->data, bytes->len);
		return;
	}
	answer(p, turn, SIGNER_UNREAD, error->message,
	       MIN(strlen(error->message), SIGNER_WORDS_MAX));
}

/* ---- signatures */

static gboolean make_ready(Ready *ready, guint32 number, EVP_PKEY *key, const TlsScheme *scheme)
{
	if (ready->key == number && ready->scheme == scheme)
		return TRUE;
	EVP_PKEY_CTX_free(ready->context);
	EVP_MD_free(ready->digest);
	*ready = (Ready){
		.scheme = scheme,
		.digest = EVP_MD_fetch(NULL, OBJ_nid2sn(scheme->digest), NULL),
	};
	ready->context = EVP_PKEY_CTX_new(key, NULL);
	if (EVP_PKEY_sign_init(ready->context) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ready->context, ready->digest) != 1)
		return FALSE;
	if (scheme->pss &&
	    (EVP_PKEY_CTX_set_rsa_padding(ready->context, RSA_PKCS1_PSS_PADDING) != 1 ||
	     EVP_PKEY_CTX_set_rsa_pss_saltlen(ready->context, RSA_PSS_SALTLEN_DIGEST) != 1))
		return FALSE;
	ready->key = number;
	return TRUE;
}

static gboolean sign_hash(const Ready *ready, const SignerQuestion *question, guint8 *out,
			  gsize *out_n)
{
	guint8 hash[EVP_MAX_MD_SIZE];
	unsigned n;

	return EVP_Digest(question->message, question->n, hash, &n, ready->digest, NULL) == 1 &&
	       EVP_PKEY_sign(ready->context, out, out_n, hash, n) == 1;
}

/* The keys of Edwards curves hash by themselves. */
static gboolean sign_whole(EVP_PKEY *key, const SignerQuestion *question, guint8 *out, gsize *out_n)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	gboolean made = EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
			EVP_DigestSign(context, out, out_n, question->message, question->n) == 1;

	EVP_MD_CTX_free(context);
	return made;
}

static gboolean sign(Process *p, EVP_PKEY *key, const TlsScheme *scheme,
		     const SignerQuestion *question, guint8 *out, gsize *out_n)
{
	gboolean made = scheme->digest == NID_undef
				? sign_whole(key, question, out, out_n)
				: make_ready(&p->ready, question->key, key, scheme) &&
					  sign_hash(&p->ready, question, out, out_n);

	ERR_clear_error();
	return made;
}

static void answer_sign(Process *p, const SignerQuestion *question)
{
	const TlsScheme *scheme = tls_scheme((guint16)question->scheme);
	gboolean known = question->key > 0 && question->key <= p->last &&
			 p->last - question->key < SIGNER_KEYS;
	EVP_PKEY *key = known ? p->keys[question->key % SIGNER_KEYS] : NULL;
	guint8 signature[SIGNER_SIGNATURE_MAX];
	gsize n = sizeof signature;

	if (key != NULL && scheme != NULL && tls_scheme_fits(scheme, key) &&
	    sign(p, key, scheme, question, signature, &n))
		answer(p, question->turn, SIGNER_SIGNED, signature, n);
	else
		answer(p, question->turn, SIGNER_REFUSED, NULL, 0);
}

/* ---- the process */

/* FALSE: the worker's end is closed. */
static gboolean serve(Process *p)
{
	SignerQuestion question = {0};
	ssize_t n;

	do
		n = recv(p->link, &question, sizeof question, MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return FALSE;
	if (!signer_question_valid(&question, (gsize)n))
		answer(p, question.turn, SIGNER_REFUSED, NULL, 0);
	else if (question.kind == SIGNER_READ)
		answer_read(p, question.turn);
	else
		answer_sign(p, &question);
	return TRUE;
}

static void process_clear(Process *p)
{
	EVP_PKEY_CTX_free(p->ready.context);
	EVP_MD_free(p->ready.digest);
	for (gsize i = 0; i < G_N_ELEMENTS(p->keys); i++)
		EVP_PKEY_free(p->keys[i]);
}

/* The first question comes before the worker hears of any client. It is answered with all rights
 * that there are: a gateway that is root's may read a key that is not, and OpenSSL its settings. */
void signer_process(int link, const Options *options)
{
	Process process = {.link = link, .options = options};
	g_autoptr(GError) error = NULL;

	if (serve(&process)) {
		if (!sandbox_signer(options, &error)) {
			log_error(NULL, "signer: %s", error->message);
			_exit(1);
		}
		while (serve(&process))
			;
	}
	process_clear(&process);
}
