/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * machine: computers that are there already. How they are switched is the provider's business
 * (provider/machine/machine_power.h); here is who may have one: not while somebody sits at it.
 */
#pragma once

#include "core_parts.h"

/* *out_free: nobody else than `user` (NULL: nobody at all) has said lately to sit at
 * that machine. */
gboolean machine_free_for(Core *core, const char *id, const char *user, gboolean *out_free,
			  GError **error);
