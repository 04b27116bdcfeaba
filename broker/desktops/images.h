/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * images: golden images and their versions: registering, copying, publishing, collecting. Copies
 * lie in STATE/images, a directory for each version; a directory that no version names is what a
 * broker left that was cut short, and goes when the next one starts.
 */
#pragma once

#include "core_admin.h"
#include "core_parts.h"

/* Whether the pool's provider can make desktops of pool->image at pool->version (0 = the newest).
 * *out_image: that version; may be NULL. A pool without an image: whether there is a provider. */
gboolean images_check(Core *core, const PoolView *pool, ImageView **out_image, GError **error);

/* Forgets the versions that nobody uses, and removes the copies that we made of them. */
gboolean images_collect(Core *core, GError **error);

/* Once, before anything else runs: removes the copies that no version names. */
gboolean images_sweep(Core *core, GError **error);
