/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls_key: see tls_key.h. What is asked about a key its public half answers. */
#include "tls_key.h"

#include "fault.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <string.h>

#define NAME "oriel"

/* The only thing that a key can be made of: a Key, as it is in memory. */
#define PARAM_KEY NAME "-key"

/* Of the errors that a program may give to OpenSSL's queue. */
#define NOT_SIGNED 1

#define FUNCTION(id, function)                 \
	{                                      \
		id, (void (*)(void))(function) \
	}

typedef struct {
	EVP_PKEY *public;
	TlsKeySign sign;
	gpointer data;
	guint32 number;
} Key;

/* ---- keys */

static void *key_new(void *provider)
{
	return g_new0(Key, 1);
}

static void key_free(void *data)
{
	Key *key = data;

	if (key == NULL)
		return;
	EVP_PKEY_free(key->public);
	g_free(key);
}

static int key_has(const void *data, int selection)
{
	return 1;
}

static int key_import(void *data, int selection, const OSSL_PARAM params[])
{
	const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, PARAM_KEY);
	Key *key = data;

	if (param == NULL || param->data_size != sizeof *key)
		return 0;
	memcpy(key, param->data, sizeof *key);
	return EVP_PKEY_up_ref(key->public);
}

static const OSSL_PARAM *key_import_types(int selection)
{
	static const OSSL_PARAM types[] = {OSSL_PARAM_octet_string(PARAM_KEY, NULL, 0),
					   OSSL_PARAM_END};

	return types;
}

/* OpenSSL asks for all that there is when it compares us with a certificate's key. */
static int key_export(void *data, int selection, OSSL_CALLBACK *take, void *arg)
{
	const Key *key = data;

	return EVP_PKEY_export(key->public, EVP_PKEY_PUBLIC_KEY, take, arg);
}

static const OSSL_PARAM *key_export_types(int selection)
{
	static const OSSL_PARAM types[] = {OSSL_PARAM_END};

	return types;
}

static int key_get_params(void *data, OSSL_PARAM params[])
{
	const Key *key = data;

	return EVP_PKEY_get_params(key->public, params);
}

static const OSSL_PARAM *key_gettable_params(void *provider)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
		OSSL_PARAM_END,
	};

	return types;
}

/* One name for all kinds, which no other provider has. */
static const char *key_operation(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? NAME : NULL;
}

static const OSSL_DISPATCH key_functions[] = {
	FUNCTION(OSSL_FUNC_KEYMGMT_NEW, key_new),
	FUNCTION(OSSL_FUNC_KEYMGMT_FREE, key_free),
	FUNCTION(OSSL_FUNC_KEYMGMT_HAS, key_has),
	FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, key_import),
	FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_import_types),
	FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT, key_export),
	FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, key_export_types),
	FUNCTION(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get_params),
	FUNCTION(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable_params),
	FUNCTION(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, key_operation),
	{0, NULL},
};

/* ---- signatures */

typedef struct {
	const Key *key;
	int digest;
	gboolean pss;
} Signing;

static void *signing_new(void *provider, const char *properties)
{
	return g_new0(Signing, 1);
}

/* Only the salt as long as the digest is known here, and the digest of the signature for the
 * mask: the only ones that TLS knows. */
static int signing_set_params(void *data, const OSSL_PARAM params[])
{
	const OSSL_PARAM *padding =
		params ? OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE) : NULL;
	Signing *signing = data;
	int number = 0;

	if (padding == NULL)
		return 1;
	if (padding->data_type == OSSL_PARAM_UTF8_STRING)
		signing->pss = g_strcmp0(padding->data, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
	else if (OSSL_PARAM_get_int(padding, &number) == 1)
		signing->pss = number == RSA_PKCS1_PSS_PADDING;
	else
		return 0;
	return 1;
}

static const OSSL_PARAM *signing_settable_params(void *data, void *provider)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
		OSSL_PARAM_END,
	};

	return types;
}

static int signing_init(void *data, const char *digest, void *key, const OSSL_PARAM params[])
{
	const EVP_MD *md = digest ? EVP_get_digestbyname(digest) : NULL;
	Signing *signing = data;

	signing->key = key;
	signing->digest = md ? EVP_MD_get_type(md) : NID_undef;
	return signing_set_params(data, params);
}

static int signing_sign(void *data, unsigned char *out, size_t *out_n, size_t room,
			const unsigned char *message, size_t n)
{
	const Signing *signing = data;
	const Key *key = signing->key;
	const TlsScheme *scheme = tls_scheme_of(key->public, signing->digest, signing->pss);
	gsize most = (gsize)EVP_PKEY_get_size(key->public), made = room;
	g_autoptr(GError) error = NULL;

	if (out == NULL) {
		*out_n = most;
		return 1;
	}
	if (scheme == NULL)
		return 0;
	if (!key->sign(key->data, key->number, scheme, message, n, out, &made, &error)) {
		ERR_raise_data(ERR_LIB_USER, NOT_SIGNED, "%s", error->message);
		return 0;
	}
	*out_n = made;
	return 1;
}

static const OSSL_DISPATCH signing_functions[] = {
	FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, signing_new),
	FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, g_free),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, signing_init),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, signing_sign),
	FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, signing_set_params),
	FUNCTION(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, signing_settable_params),
	{0, NULL},
};

/* ---- the provider */

/* By OpenSSL's own names for them. */
static const OSSL_ALGORITHM keys[] = {
	{"RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=" NAME, key_functions, NULL},
	{"RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10", "provider=" NAME, key_functions, NULL},
	{"EC:id-ecPublicKey:1.2.840.10045.2.1", "provider=" NAME, key_functions, NULL},
	{"ED25519:1.3.101.112", "provider=" NAME, key_functions, NULL},
	{"ED448:1.3.101.113", "provider=" NAME, key_functions, NULL},
	{NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM signatures[] = {
	{NAME, "provider=" NAME, signing_functions, NULL},
	{NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
	*no_cache = 0;
	switch (operation) {
	case OSSL_OP_KEYMGMT: return keys;
	case OSSL_OP_SIGNATURE: return signatures;
	default: return NULL;
	}
}

static int begin(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
		 void **out_provider)
{
	static const OSSL_DISPATCH functions[] = {
		FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
		{0, NULL},
	};

	*out = functions;
	*out_provider = (void *)keys;
	return 1;
}

/* For as long as the process lives. */
static OSSL_LIB_CTX *library(void)
{
	static OSSL_LIB_CTX *ours;

	if (ours == NULL) {
		ours = OSSL_LIB_CTX_new();
		if (ours == NULL || OSSL_PROVIDER_add_builtin(ours, NAME, begin) != 1 ||
		    OSSL_PROVIDER_load(ours, NAME) == NULL)
			g_error("OpenSSL: a provider cannot be added");
	}
	return ours;
}

EVP_PKEY *tls_key_new(EVP_PKEY *public, TlsKeySign sign, gpointer data, guint32 number)
{
	Key key = {.public = public, .sign = sign, .data = data, .number = number};
	OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(PARAM_KEY, &key, sizeof key),
			       OSSL_PARAM_construct_end()};
	EVP_PKEY_CTX *context =
		EVP_PKEY_CTX_new_from_name(library(), EVP_PKEY_get0_type_name(public), NULL);
	EVP_PKEY *made = NULL;

	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &made, EVP_PKEY_KEYPAIR, params) != 1)
		made = NULL;
	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
	return made;
}

/* The cause is the oldest error; what followed is OpenSSL's view of it. */
gboolean tls_key_failed(GError **error)
{
	const char *words;
	int flags;
	unsigned long cause = ERR_peek_error_data(&words, &flags);

	if (ERR_GET_LIB(cause) != ERR_LIB_USER || ERR_GET_REASON(cause) != NOT_SIGNED)
		return FALSE;
	g_set_error(error, FAULT, FAULT_BUG, "%s", flags & ERR_TXT_STRING ? words : "no signature");
	return TRUE;
}
