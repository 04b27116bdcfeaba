/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A form that a launcher posts: its fields are text without a NUL, or there is none. */
#include "form.h"

#include <string.h>

#include "secret.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	static const char *const names[] = {"username", "password", "otp", ""};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		autosecret char *field = form_field(data, size, names[i]);

		g_assert(field == NULL ||
			 (strlen(field) <= size && g_utf8_validate(field, -1, NULL)));
	}
	return 0;
}
