/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server_tls: see server_tls.h. */
#include "server_tls.h"

#include "fault.h"
#include "net/ocsp.h"
#include "net/tls.h"
#include "net/tls_key.h"

#include <glib/gstdio.h>

static gboolean on_sign(gpointer data, guint32 number, const TlsScheme *scheme,
			const guint8 *message, gsize n, guint8 *out, gsize *out_n, GError **error)
{
	return signer_sign(data, number, scheme, message, n, out, out_n, error);
}

static void staple(const Options *o, SSL_CTX *context, const SignerFiles *files, GError **error)
{
	if (files->ocsp_unread != NULL)
		g_set_error(error, FAULT, FAULT_CONFIG, "OCSP response %s: %s", o->ocsp,
			    files->ocsp_unread);
	else if (files->ocsp != NULL)
		ocsp_staple(context, o->ocsp, files->ocsp, error);
}

static SSL_CTX *make(const Options *o, const SignerFiles *files, const TlsIdentity *identity,
		     gboolean tickets, GError **out_unstapled, GError **error)
{
	SSL_CTX *context = tls_server_context(identity, tickets, error);

	if (context != NULL)
		staple(o, context, files, out_unstapled);
	return context;
}

gboolean server_tls_read(ServerTls *tls, const Options *o, Signer *signer, GError **out_unstapled,
			 GError **error)
{
	g_auto(SignerFiles) files = {0};
	g_auto(TlsIdentity) identity = {0};
	SSL_CTX *web = NULL, *vnc = NULL;

	if (!signer_read(signer, &files, error))
		return FALSE;
	identity.certificate = g_steal_pointer(&files.certificate);
	identity.chain = g_steal_pointer(&files.chain);
	identity.key =
		tls_key_new(X509_get0_pubkey(identity.certificate), on_sign, signer, files.key);
	if (identity.key == NULL) {
		g_set_error(error, FAULT, FAULT_CONFIG, "key %s: not of a kind for TLS", o->key);
		return FALSE;
	}
	web = make(o, &files, &identity, TRUE, out_unstapled, error);
	vnc = web ? make(o, &files, &identity, FALSE, NULL, error) : NULL;
	if (vnc == NULL) {
		SSL_CTX_free(web);
		return FALSE;
	}
	server_tls_clear(tls);
	*tls = (ServerTls){.web = web, .vnc = vnc};
	return TRUE;
}

void server_tls_clear(ServerTls *tls)
{
	SSL_CTX_free(tls->web);
	SSL_CTX_free(tls->vnc);
	*tls = (ServerTls){0};
}

gboolean server_tls_check(const Options *o, GError **out_unstapled, GError **error)
{
	g_autoptr(Signer) signer = signer_start(o, error);
	ServerTls tls = {0};
	gboolean good = signer != NULL && server_tls_read(&tls, o, signer, out_unstapled, error);

	server_tls_clear(&tls);
	return good;
}

char *server_tls_files(const Options *o)
{
	const char *const files[] = {o->certificate, o->key, o->ocsp};
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		GStatBuf st = {0};

		(void)g_stat(files[i], &st);
		g_string_append_printf(text, "%lx:%lx:%lx:%lx.%lx ", (long)st.st_dev,
				       (long)st.st_ino, (long)st.st_size, (long)st.st_mtim.tv_sec,
				       (long)st.st_mtim.tv_nsec);
	}
	return g_string_free(text, FALSE);
}
