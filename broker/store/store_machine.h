/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_machine: what is known of a machine beyond its desktop row: how it is switched, and who
 * sits at it. Goes away with the desktop.
 */
#pragma once

#include "db.h"

typedef struct {
	char *power;        /* machine_power.h; NULL = it cannot be switched   */
	char *secret;       /* ... its password, a secret; NULL = none         */
	char *local_user;   /* who sits at it, as it said itself; NULL = nobody */
	gint64 local_until; /* ... true until then (s since 1970)             */
} StoreMachine;
void store_machine_free(StoreMachine *machine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreMachine, store_machine_free)

/* Of one without an entry: all empty. */
StoreMachine *store_machine(Db *db, const char *desktop, GError **error);
gboolean store_machine_put(Db *db, const char *desktop, const char *power, const char *secret,
			   GError **error);
/* Whoever has the token of that hash may from now on say who sits there; the one before may not. */
gboolean store_machine_set_token(Db *db, const char *desktop, const char *hash, GError **error);
/* user NULL = nobody. FAULT_DENIED for another token. */
gboolean store_machine_set_local(Db *db, const char *desktop, const char *hash, const char *user,
				 gint64 until, GError **error);
