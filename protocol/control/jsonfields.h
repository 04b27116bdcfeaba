/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jsonfields: a struct as a JSON object, by a table of its fields, which both directions walk. One
 * struct serves several types of message: a field says which must have it and which may. What the
 * kinds of values are the owner of the table knows.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct {
	const char *key;
	int kind; /* the owner's */
	gsize offset;
	unsigned must; /* bits of types */
	unsigned may;
} JsonField;

typedef struct {
	const JsonField *fields;
	gsize n;
	/* A value, or NULL: it is not set. */
	json_t *(*encode)(const JsonField *field, const void *at);
	/* FALSE: it is none of its kind. May set an error that says more than that. */
	gboolean (*decode)(const JsonField *field, const json_t *value, void *to, GError **error);
} JsonFields;

/* For a struct without types. */
#define JSONFIELDS_ONE 1u

/* To json_decref(). Fields that the type does not have are left out; a missing one that it must
 * have asserts. */
json_t *jsonfields_encode(const JsonFields *table, const void *from, unsigned type);

/* known: keys of the object that were taken already. FALSE with FAULT_BROKER: a key is missing,
 * bad, or one that the type does not have; what was taken until then is in the struct. */
gboolean jsonfields_decode(const JsonFields *table, const json_t *object, unsigned type,
			   gsize known, void *to, GError **error);

/* Which of these n names the object's "type" is; n: none. */
unsigned jsonfields_type(const json_t *object, const char *const *names, unsigned n);
