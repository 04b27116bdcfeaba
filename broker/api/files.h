/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * files: the portal's files, read once at start into a table of URL path -> bytes. What is not in
 * the table cannot be asked for: no path of a request ever reaches the file system. Only known
 * extensions are taken, no hidden files, and nothing that a link leads to outside the root.
 *
 * All of them together have a version, a digest. In pages "@VERSION@" becomes it, and /v/VERSION/x
 * is /x, which a browser may keep for ever: with another portal the pages name another version.
 */
#pragma once

#include <glib.h>

typedef struct {
	const char *type; /* media type, static */
	char *etag;       /* quoted */
	char *bytes;
	gsize length;
	char *packed; /* the same with gzip, where that is smaller; else NULL */
	gsize packed_length;
} File;

typedef struct Files Files;

/* root "" = no portal. FAULT_CONFIG if it cannot be read, or is too large to be a portal. */
Files *files_load(const char *root, GError **error);
void files_free(Files *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Files, files_free)

/* The file for a URL path ("/" = "/index.html"), owned by files; NULL if there is none. Never
 * changes after files_load(): any thread may ask. *out_cache is its Cache-Control, static. */
const File *files_find(const Files *files, const char *path, const char **out_cache);

/* True if one of the tags in an If-None-Match header is the file's (RFC 9110, 13.1.2). */
gboolean file_matches(const File *file, const char *if_none_match);
