/* SPDX-License-Identifier: GPL-3.0-or-later */
/* certificate_watch: see certificate_watch.h. */
#include "certificate_watch.h"

#include "server_tls.h"

#define LOOK_SECONDS 2

void certificate_watch_begin(CertificateWatch *watch, const Options *options)
{
	*watch = (CertificateWatch){.taken = server_tls_files(options)};
}

void certificate_watch_clear(CertificateWatch *watch)
{
	g_free(watch->taken);
	g_free(watch->seen);
	*watch = (CertificateWatch){0};
}

gboolean certificate_watch_changed(CertificateWatch *watch, const Options *options)
{
	g_autofree char *now = NULL;
	gboolean settled;

	if (g_get_monotonic_time() < watch->look_at)
		return FALSE;
	watch->look_at = g_get_monotonic_time() + LOOK_SECONDS * G_USEC_PER_SEC;
	now = server_tls_files(options);
	settled = g_strcmp0(now, watch->seen) == 0;
	g_free(watch->seen);
	watch->seen = g_strdup(now);
	if (!settled || g_strcmp0(now, watch->taken) == 0)
		return FALSE;
	g_free(watch->taken);
	watch->taken = g_steal_pointer(&now);
	return TRUE;
}
