/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oidc_claims: see oidc_claims.h. */
#include "oidc/oidc_claims.h"

#include <string.h>

#include "fault.h"

#define NAME_MAX_BYTES 255
#define GROUPS_MAX     1024

/* It goes into logs, tables and lists of one a line. */
static gboolean name_ok(const char *name)
{
	if (name == NULL || *name == '\0' || strlen(name) > NAME_MAX_BYTES || *name == ' ' ||
	    g_str_has_suffix(name, " "))
		return FALSE;
	for (; *name != '\0'; name = g_utf8_next_char(name)) {
		if (!g_unichar_isprint(g_utf8_get_char(name)))
			return FALSE;
	}
	return TRUE;
}

char *oidc_claims_user(const json_t *claims, const char *claim, GError **error)
{
	const char *name = json_string_value(json_object_get(claims, claim));

	if (!name_ok(name)) {
		g_set_error(error, FAULT, FAULT_DENIED, "the claim %s is no user's name", claim);
		return NULL;
	}
	if (g_str_equal(claim, "email") &&
	    !json_is_true(json_object_get(claims, "email_verified"))) {
		g_set_error(error, FAULT, FAULT_DENIED, "the e-mail address is not verified");
		return NULL;
	}
	return g_strdup(name);
}

char **oidc_claims_groups(const json_t *claims, const char *claim)
{
	const json_t *list = json_object_get(claims, claim);
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();
	json_t *one;
	size_t i;

	if (json_is_string(list) && name_ok(json_string_value(list)))
		g_strv_builder_add(names, json_string_value(list));
	json_array_foreach (list, i, one) {
		if (i < GROUPS_MAX && name_ok(json_string_value(one)))
			g_strv_builder_add(names, json_string_value(one));
	}
	return g_strv_builder_end(names);
}
