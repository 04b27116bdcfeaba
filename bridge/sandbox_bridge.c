/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox_bridge: see sandbox_bridge.h. */
#include "sandbox_bridge.h"

#include "confine.h"
#include "syscalls.h"

/* What libraries are made of, keyboards' layouts among it; none of it is secret. */
static const LandlockPath readable[] = {
	{"/usr", LANDLOCK_READ},         {"/lib", LANDLOCK_READ},
	{"/lib64", LANDLOCK_READ},       {"/etc/ssl/openssl.cnf", LANDLOCK_READ},
	{"/dev/urandom", LANDLOCK_READ},
};

gboolean sandbox_bridge(GError **error)
{
	return confine(readable, G_N_ELEMENTS(readable), syscalls_allow_bridge, error);
}
