/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox_tunnel: see sandbox_tunnel.h. */
#include "sandbox_tunnel.h"

#include "autofd.h"
#include "landlock.h"
#include "rights.h"
#include "syscalls.h"

gboolean sandbox_tunnel(const Options *options, const char **out_lacks, GError **error)
{
	gboolean listens = *options->tunnel_listen != '\0';
	autofd int rules = -1;

	if (!rights_freeze(error) || !rights_drop_capabilities(error))
		return FALSE;
	if (SANDBOX_OPEN) {
		*out_lacks = SANDBOX_OPEN_WORDS;
		return TRUE;
	}
	*out_lacks = landlock_lacks();
	/* The libraries that look names up are loaded when the first one is. */
	return landlock_new(listens ? LANDLOCK_TCP_LISTEN : 0, &rules, error) &&
	       landlock_allow(rules, "/etc", LANDLOCK_READ, error) &&
	       landlock_allow(rules, "/usr", LANDLOCK_READ, error) &&
	       landlock_allow(rules, "/lib", LANDLOCK_READ, error) &&
	       landlock_allow_renewed(rules, options->tunnel_certificate, error) &&
	       landlock_allow_renewed(rules, options->tunnel_key, error) &&
	       landlock_allow_renewed(rules, options->tunnel_ca, error) &&
	       (listens || landlock_allow(rules, options->tunnel_directory,
					  LANDLOCK_READ | LANDLOCK_WRITE, error)) &&
	       landlock_enter(rules, error) && syscalls_deny_dangerous(error);
}
