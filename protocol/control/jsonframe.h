/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jsonframe: a 32-bit big-endian length and one JSON object, the frame that our own processes use
 * among each other (control, authwire). Strict: duplicate keys, NUL characters, bad UTF-8, bytes
 * behind the object and lengths out of bounds are refused. What an object means is not known here.
 *
 * Objects carry passwords, so JSON memory is wiped when it is freed: jansson gets a free() that
 * does so, for all of a process that links this file.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

/* The bytes of an object, length included; takes the reference. Asserts that the object fits `max`.
 * One allocation of the final size, so that jsonframe_wipe() reaches every copy. */
GByteArray *jsonframe_encode(json_t *object, gsize max);

/* The same without the length, for sockets that keep packets apart. */
GByteArray *jsonframe_dump(json_t *object, gsize max);

/* Wipes and frees; accepts NULL. */
void jsonframe_wipe(GByteArray *bytes);

/* One object off the front: the bytes consumed, and *out_object to json_decref(); 0 when more bytes
 * are needed; -1 with FAULT_BROKER when they can never become an object of 2 to `max` bytes. */
gssize jsonframe_decode(const void *bytes, gsize n, gsize max, json_t **out_object, GError **error);

/* An object of exactly these bytes, to json_decref(); NULL with FAULT_BROKER if they are none. The
 * caller bounds n. */
json_t *jsonframe_load(const void *bytes, gsize n, GError **error);

/* A string that surely fits: cut at `max` bytes, each byte that is not UTF-8 replaced by '?'. For
 * texts that may come from a peer of ours, which cannot crash us that way. */
json_t *jsonframe_string(const char *text, gsize max);

/* The text of a string of at most `max` bytes, owned by the object; else NULL. */
const char *jsonframe_text(const json_t *value, gsize max);
