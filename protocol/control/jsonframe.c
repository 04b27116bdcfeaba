/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jsonframe: see jsonframe.h. */
#include "control/jsonframe.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "secret.h"

#define HEAD  4
#define USUAL 1024 /* bytes that most messages do not need */

static void wiping_free(void *memory)
{
	if (memory != NULL)
		secret_wipe(memory, malloc_usable_size(memory));
	free(memory);
}

/* Before main(), because jansson has these for the whole process and no lock around them. malloc()
 * stays what it is, so memory that was taken before can be freed after. */
__attribute__((constructor)) static void memory_init(void)
{
	json_set_alloc_funcs(malloc, wiping_free);
}

/* `head` bytes, for the caller to fill, and the object. What does not fit is written a second time,
 * and not into a growing array, which would leave copies of secrets behind. */
static GByteArray *dump(json_t *object, gsize head, gsize max)
{
	GByteArray *bytes = g_byte_array_new();
	gsize n;

	g_byte_array_set_size(bytes, (guint)(head + USUAL));
	n = json_dumpb(object, (char *)bytes->data + head, USUAL, JSON_COMPACT);
	g_assert(n >= 2 && n <= max);
	if (n > USUAL) {
		secret_wipe(bytes->data, bytes->len);
		g_byte_array_set_size(bytes, (guint)(head + n));
		json_dumpb(object, (char *)bytes->data + head, n, JSON_COMPACT);
	}
	g_byte_array_set_size(bytes, (guint)(head + n));
	json_decref(object);
	return bytes;
}

GByteArray *jsonframe_encode(json_t *object, gsize max)
{
	GByteArray *bytes = dump(object, HEAD, max);
	guint32 head = GUINT32_TO_BE((guint32)(bytes->len - HEAD));

	memcpy(bytes->data, &head, HEAD);
	return bytes;
}

GByteArray *jsonframe_dump(json_t *object, gsize max)
{
	return dump(object, 0, max);
}

void jsonframe_wipe(GByteArray *bytes)
{
	if (bytes == NULL)
		return;
	secret_wipe(bytes->data, bytes->len);
	g_byte_array_unref(bytes);
}

json_t *jsonframe_load(const void *bytes, gsize n, GError **error)
{
	json_t *object = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, NULL);

	if (object == NULL) {
		/* Without jansson's words: they quote the message, which may hold a secret. */
		g_set_error(error, FAULT, FAULT_BROKER, "a message that is not JSON");
		return NULL;
	}
	if (!json_is_object(object)) {
		json_decref(object);
		g_set_error(error, FAULT, FAULT_BROKER, "a message that is not an object");
		return NULL;
	}
	return object;
}

gssize jsonframe_decode(const void *bytes, gsize n, gsize max, json_t **out_object, GError **error)
{
	guint32 head;
	gsize length;
	json_t *object;

	if (n < HEAD)
		return 0;
	memcpy(&head, bytes, HEAD);
	length = GUINT32_FROM_BE(head);
	if (length < 2 || length > max) {
		g_set_error(error, FAULT, FAULT_BROKER, "a message of %" G_GSIZE_FORMAT " bytes",
			    length);
		return -1;
	}
	if (n - HEAD < length)
		return 0;
	object = jsonframe_load((const char *)bytes + HEAD, length, error);
	if (object == NULL)
		return -1;
	*out_object = object;
	return (gssize)(HEAD + length);
}

json_t *jsonframe_string(const char *text, gsize max)
{
	autosecret char *copy = NULL;
	const char *bad;

	copy = secret_ndup(text, strnlen(text, max));
	bad = copy;
	while (!g_utf8_validate(bad, -1, &bad))
		copy[bad - copy] = '?';
	return json_string_nocheck(copy);
}

const char *jsonframe_text(const json_t *value, gsize max)
{
	return json_is_string(value) && json_string_length(value) <= max ? json_string_value(value)
									 : NULL;
}
