/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox_gateway: see sandbox_gateway.h. */
#include "sandbox_gateway.h"

#include "autofd.h"
#include "landlock.h"
#include "rights.h"
#include "syscalls.h"

/* Where distributions keep what verifies a desktop that has no CA of its own (OpenSSL's directory
 * holds links into the others). None of it is secret: where a distribution has a place for keys
 * beside them, it is not named. */
static const char *const authorities[] = {
	"/etc/ssl/certs",        "/etc/ssl/cert.pem",          "/etc/pki/ca-trust",
	"/etc/pki/tls/cert.pem", "/etc/pki/tls/certs",         "/etc/ca-certificates",
	"/usr/lib/ssl",          "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
};

static gboolean allow_authorities(int rules, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(authorities); i++) {
		if (!landlock_allow(rules, authorities[i], LANDLOCK_READ, error))
			return FALSE;
	}
	return TRUE;
}

gboolean sandbox_gateway(const char **out_lacks, GError **error)
{
	autofd int rules = -1;

	if (!rights_freeze(error) || !rights_drop_capabilities(error))
		return FALSE;
	if (SANDBOX_OPEN) {
		*out_lacks = SANDBOX_OPEN_WORDS;
		return TRUE;
	}
	*out_lacks = landlock_lacks();
	return landlock_new(0, &rules, error) && allow_authorities(rules, error) &&
	       landlock_enter(rules, error) && syscalls_allow_gateway(error);
}

gboolean sandbox_dialer(GError **error)
{
	autofd int rules = -1;

	return rights_freeze(error) && rights_drop_capabilities(error) &&
	       (SANDBOX_OPEN || (landlock_new(0, &rules, error) && landlock_enter(rules, error))) &&
	       syscalls_allow_dialer(error);
}

static gboolean allow_identity(int rules, const Options *options, GError **error)
{
	return landlock_allow_renewed(rules, options->certificate, error) &&
	       landlock_allow_renewed(rules, options->key, error) &&
	       (*options->ocsp == '\0' || landlock_allow_renewed(rules, options->ocsp, error));
}

gboolean sandbox_signer(const Options *options, GError **error)
{
	autofd int rules = -1;

	return rights_freeze(error) && rights_drop_capabilities(error) &&
	       (SANDBOX_OPEN ||
		(landlock_new(0, &rules, error) && allow_identity(rules, options, error) &&
		 landlock_enter(rules, error))) &&
	       syscalls_allow_signer(error);
}
