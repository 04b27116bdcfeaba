/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jsonfields: see jsonfields.h. */
#include "control/jsonfields.h"

#include <string.h>

#include "fault.h"

static gboolean has(const JsonField *field, unsigned type)
{
	return ((field->must | field->may) & type) != 0;
}

json_t *jsonfields_encode(const JsonFields *table, const void *from, unsigned type)
{
	json_t *object = json_object();

	for (gsize i = 0; i < table->n; i++) {
		const JsonField *field = &table->fields[i];
		json_t *value;

		if (!has(field, type))
			continue;
		value = table->encode(field, (const char *)from + field->offset);
		g_assert(value != NULL || !(field->must & type));
		if (value != NULL)
			json_object_set_new(object, field->key, value);
	}
	return object;
}

/* Keys that no field of the type has are found by counting: there are no duplicates. */
gboolean jsonfields_decode(const JsonFields *table, const json_t *object, unsigned type,
			   gsize known, void *to, GError **error)
{
	for (gsize i = 0; i < table->n; i++) {
		const JsonField *field = &table->fields[i];
		const json_t *value = json_object_get(object, field->key);

		if (!has(field, type))
			continue;
		if (value == NULL && (field->must & type)) {
			g_set_error(error, FAULT, FAULT_BROKER, "no %s", field->key);
			return FALSE;
		}
		if (value == NULL)
			continue;
		if (!table->decode(field, value, (char *)to + field->offset, error)) {
			if (error != NULL && *error == NULL)
				g_set_error(error, FAULT, FAULT_BROKER, "a bad %s", field->key);
			return FALSE;
		}
		known++;
	}
	if (known != json_object_size(object)) {
		g_set_error(error, FAULT, FAULT_BROKER, "an unknown key");
		return FALSE;
	}
	return TRUE;
}

unsigned jsonfields_type(const json_t *object, const char *const *names, unsigned n)
{
	const json_t *type = json_object_get(object, "type");
	unsigned i = 0;

	while (i < n && g_strcmp0(json_string_value(type), names[i]) != 0)
		i++;
	return i;
}
