/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_image: golden images in the database. Faults: FAULT_NOT_FOUND where a name is asked for,
 * FAULT_BROKER from the database. */
#pragma once

#include "core.h"
#include "db.h"

GPtrArray *store_images(Db *db, GError **error); /* of ImageView, by name */
ImageView *store_image(Db *db, const char *name, GError **error);
/* Adds it, or changes the one of that name. */
gboolean store_image_put(Db *db, const ImageView *image, GError **error);
/* FAULT_BUSY while a pool uses it. */
gboolean store_image_remove(Db *db, const char *name, GError **error);
