/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * image_files: our own copies of an image's files, in STATE/images/v-XXXX. Only what lies there is
 * ever removed; the files that an admin named are never touched.
 */
#pragma once

#include "core_admin.h"

/* Copies the files that the image names. The same image, naming the copies, with `files` set
 * (image_view_free); written to the disk when it returns. FAULT_CONFIG if a file cannot be read,
 * FAULT_BROKER if there is no room. */
ImageView *image_files_copy(const char *state, const ImageView *image, GError **error);

/* Removes a directory that image_files_copy() made; NULL, or one that is gone, is no error. */
gboolean image_files_remove(const char *files, GError **error);

/* Removes every such directory that is not in the set of paths. */
gboolean image_files_sweep(const char *state, GHashTable *known, GError **error);
