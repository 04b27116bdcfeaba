/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_image: golden images in the database, each a row of versions. A version is in use while it
 * is its image's newest, published by a pool (or the one that the pool would roll back to), or what
 * a desktop's overlay rests on. Faults: FAULT_NOT_FOUND where a name is asked for, FAULT_BROKER
 * from the database.
 */
#pragma once

#include "core_admin.h"
#include "db.h"

GPtrArray *store_images(Db *db, GError **error); /* of ImageView, by name, newest first */
/* version 0 = the newest. */
ImageView *store_image(Db *db, const char *name, unsigned version, GError **error);
/* Adds a version (image->version is ignored), and the image if it has none of that name. */
gboolean store_image_add(Db *db, const ImageView *image, gint64 now, unsigned *out_version,
			 GError **error);
/* All versions; FAULT_BUSY while a pool or a desktop uses one. */
gboolean store_image_remove(Db *db, const char *name, GError **error);
/* Forgets every version that nobody uses. *out: those (ImageView), for whoever has files
 * of them. */
gboolean store_image_collect(Db *db, GPtrArray **out, GError **error);
