/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server_tls: see server_tls.h. */
#include "server_tls.h"

#include "log.h"
#include "net/ocsp.h"
#include "net/tls.h"

#include <glib/gstdio.h>

/* The supervisor has tried the same, and tells. */
static void staple(const Options *o, SSL_CTX *context)
{
	g_autoptr(GError) told = NULL;

	if (*o->ocsp != '\0' && !ocsp_staple(context, o->ocsp, &told))
		log_debug(NULL, "nothing is stapled: %s", told->message);
}

gboolean server_tls_read(ServerTls *tls, const Options *o, GError **error)
{
	SSL_CTX *web = tls_server_context(o->certificate, o->key, TRUE, error);
	SSL_CTX *vnc = web ? tls_server_context(o->certificate, o->key, FALSE, error) : NULL;

	if (vnc == NULL) {
		SSL_CTX_free(web);
		return FALSE;
	}
	staple(o, web);
	staple(o, vnc);
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

gboolean server_tls_check(const Options *o, GError **error)
{
	SSL_CTX *context = tls_server_context(o->certificate, o->key, TRUE, error);

	SSL_CTX_free(context);
	return context != NULL;
}

gboolean server_tls_check_staple(const Options *o, GError **error)
{
	SSL_CTX *context = tls_server_context(o->certificate, o->key, TRUE, NULL);
	gboolean good = context == NULL || *o->ocsp == '\0' || ocsp_staple(context, o->ocsp, error);

	SSL_CTX_free(context);
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
