/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oidc_claims: what a provider says of a person, as a user name and groups. */
#pragma once

#include <glib.h>
#include <jansson.h>

/* NULL with FAULT_DENIED if there is none, or one that cannot be a user's here; an e-mail address
 * counts only if the provider has verified it. g_free() it. */
char *oidc_claims_user(const json_t *claims, const char *claim, GError **error);
/* Never NULL; what cannot be a group's name is left out. g_strfreev() it. */
char **oidc_claims_groups(const json_t *claims, const char *claim);
