/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_sasl: see spice_sasl.h. */
#include "spice_sasl.h"

#include "secret.h"

#include <string.h>

static const char plain[] = "PLAIN";
static const guint8 choice[SPICE_SASL_NAME] = {5, 0, 0, 0, 'P', 'L', 'A', 'I', 'N'};

void spice_sasl_append_list(Buffer *out)
{
	buffer_append_u32le(out, strlen(plain));
	buffer_append(out, plain, strlen(plain));
}

gboolean spice_sasl_choice(const guint8 bytes[SPICE_SASL_NAME], GError **error)
{
	if (memcmp(bytes, choice, sizeof choice) == 0)
		return TRUE;
	g_set_error_literal(error, FAULT, FAULT_CLIENT, "a SASL mechanism that was not offered");
	return FALSE;
}

/* One text up to its NUL or, for the last one, to the end; moves *at behind it. */
static char *take(const guint8 **at, const guint8 *end, gboolean last)
{
	gsize n = (gsize)(end - *at);
	const guint8 *nul = n > 0 ? memchr(*at, 0, n) : NULL;
	const char *text = (const char *)*at;

	if (nul != NULL)
		n = (gsize)(nul - *at);
	else if (!last)
		return NULL;
	if (!g_utf8_validate_len(text, n, NULL))
		return NULL;
	*at = nul != NULL ? nul + 1 : end;
	return secret_ndup(text, n);
}

gboolean spice_sasl_plain(const guint8 *bytes, gsize n, char **out_user, char **out_password,
			  GError **error)
{
	const guint8 *at = bytes, *end = bytes + n;
	autosecret char *authzid = take(&at, end, FALSE);
	autosecret char *user = authzid ? take(&at, end, FALSE) : NULL;
	autosecret char *password = user ? take(&at, end, TRUE) : NULL;

	if (password == NULL || at != end) {
		g_set_error(error, FAULT, FAULT_CLIENT, "malformed SASL PLAIN of %zu bytes", n);
		return FALSE;
	}
	/* spice-gtk repeats the user where it could have left the field empty. */
	if (*user == '\0' || (*authzid != '\0' && strcmp(authzid, user) != 0)) {
		g_set_error_literal(error, FAULT, FAULT_DENIED,
				    *user ? "asks to act as another user" : "no user name");
		return FALSE;
	}
	*out_user = g_steal_pointer(&user);
	*out_password = g_steal_pointer(&password);
	return TRUE;
}

void spice_sasl_append_result(Buffer *out, guint32 result)
{
	buffer_append_u32le(out, 0);
	buffer_append_u8(out, 1);
	buffer_append_u32le(out, result);
	if (result == 0)
		buffer_append_u32le(out, 0);
}
