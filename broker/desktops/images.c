/* SPDX-License-Identifier: GPL-3.0-or-later */
/* images: see images.h. */
#include "desktops/images.h"

#include <string.h>

#include "admin/audit.h"
#include "core_admin.h"
#include "desktops/image_files.h"
#include "desktops/seat.h"
#include "fault.h"
#include "hosts/providers.h"
#include "log.h"
#include "nic.h"
#include "store_image.h"
#include "store_pool.h"
#include "upkeep/maintainer.h"

static gboolean wrong(GError **error, const char *words)
{
	g_set_error_literal(error, FAULT, FAULT_CLIENT, words);
	return FALSE;
}

GPtrArray *core_images(Core *core, GError **error)
{
	return store_images(core->db, error);
}

/* ---- adding and removing */

static gboolean path_ok(const char *path)
{
	return !path || g_path_is_absolute(path);
}

static gboolean image_ok(const ImageView *image, GError **error)
{
	static const char *const videos[] = {"std", "qxl", "virtio", NULL};

	if (!core_name_ok(image->name, "an image", error))
		return FALSE;
	if (!path_ok(image->disk) || !path_ok(image->kernel) || !path_ok(image->initrd) ||
	    !path_ok(image->xml))
		return wrong(error, "an image's files are named by absolute paths");
	if (!image->disk && !image->kernel && !image->xml)
		return wrong(error, "an image needs a disk, a kernel or a template");
	if (!image->video || !g_strv_contains(videos, image->video))
		return wrong(error, "video is std, qxl or virtio");
	return nic_network_ok(image->network, NULL) ||
	       wrong(error, "network is none, user or bridge:NAME");
}

/* Ours only on this machine, while several brokers may serve the pool. */
static gboolean may_copy(Core *core, GError **error)
{
	return !db_shared(core->db) ||
	       wrong(error, "where several brokers share a database, images are not copied:"
			    " name files that all of them see");
}

gboolean core_image_add(Core *core, const char *admin, const ImageView *image, gboolean copy,
			unsigned *out_version, GError **error)
{
	g_autoptr(ImageView) ours = NULL;
	ImageView whole = *image;
	const ImageView *what = &whole;
	unsigned version;

	whole.memory = image->memory ? image->memory : 1024;
	whole.cpus = image->cpus ? image->cpus : 1;
	whole.video = image->video ? image->video : (char *)"std";
	whole.network = image->network ? image->network : core->options->network;
	whole.files = NULL;
	if (!image_ok(&whole, error))
		return FALSE;
	if (copy) {
		if (!may_copy(core, error))
			return FALSE;
		what = ours = image_files_copy(core->options->state, &whole, error);
	}
	if (!what)
		return FALSE;
	if (!store_image_add(core->db, what, core_now(), &version, error)) {
		image_files_remove(what->files, NULL);
		return FALSE;
	}
	audit_admin(core, admin, NULL, "image add %s, version %u", image->name, version);
	*out_version = version;
	return TRUE;
}

/* A copy that cannot be removed now goes at the next start. */
static void remove_files(const GPtrArray *versions)
{
	for (guint i = 0; i < versions->len; i++) {
		const ImageView *image = versions->pdata[i];
		g_autoptr(GError) error = NULL;

		if (!image_files_remove(image->files, &error))
			log_warning(NULL, "image %s, version %u: %s", image->name, image->version,
				    error->message);
	}
}

gboolean core_image_remove(Core *core, const char *admin, const char *name, GError **error)
{
	g_autoptr(GPtrArray) versions = store_images(core->db, error);

	if (!versions || !store_image_remove(core->db, name, error))
		return FALSE;
	for (guint i = versions->len; i > 0; i--) {
		if (!g_str_equal(((ImageView *)versions->pdata[i - 1])->name, name))
			g_ptr_array_remove_index(versions, i - 1);
	}
	remove_files(versions);
	audit_admin(core, admin, NULL, "image remove %s", name);
	return TRUE;
}

gboolean images_collect(Core *core, GError **error)
{
	g_autoptr(GPtrArray) unused = NULL;

	if (!store_image_collect(core->db, &unused, error))
		return FALSE;
	for (guint i = 0; i < unused->len; i++) {
		const ImageView *image = unused->pdata[i];

		log_info(NULL, "image %s: forgot version %u, which nobody uses", image->name,
			 image->version);
	}
	remove_files(unused);
	return TRUE;
}

gboolean images_sweep(Core *core, GError **error)
{
	g_autoptr(GPtrArray) versions = store_images(core->db, error);
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);

	if (!versions)
		return FALSE;
	for (guint i = 0; i < versions->len; i++) {
		const ImageView *image = versions->pdata[i];

		if (image->files)
			g_hash_table_add(known, image->files);
	}
	return db_shared(core->db) || image_files_sweep(core->options->state, known, error);
}

/* ---- publishing */

gboolean images_check(Core *core, const PoolView *pool, ImageView **out_image, GError **error)
{
	g_autoptr(ImageView) image = NULL;
	const ProviderOps *ops;
	Provider *provider;
	ProviderImage what;

	if (!providers_get(core->providers, pool->provider, pool->uri, &ops, &provider, error))
		return FALSE;
	if (!pool->image)
		return TRUE;
	if (!(provider_ability(ops, provider).caps & PROVIDER_CLONES))
		return wrong(error, "this provider makes no desktops from images");
	image = store_image(core->db, pool->image, pool->version, error);
	if (!image)
		return FALSE;
	what = seat_image(image);
	if (ops->image_ensure && !ops->image_ensure(provider, &what, error))
		return FALSE;
	if (out_image)
		*out_image = g_steal_pointer(&image);
	return TRUE;
}

static gboolean publish(Core *core, const char *admin, PoolView *pool, const char *image,
			unsigned version, GError **error)
{
	g_autoptr(ImageView) found = NULL;
	PoolView wanted = *pool;

	wanted.image = (char *)image;
	wanted.version = version;
	if (!images_check(core, &wanted, &found, error))
		return FALSE;
	g_assert(found != NULL); /* it was asked for by name */
	if (!store_pool_publish(core->db, pool->name, image, found->version, error))
		return FALSE;
	audit_admin(core, admin, NULL, "pool publish %s: image %s, version %u", pool->name, image,
		    found->version);
	maintainer_wake(core->maintainer);
	return TRUE;
}

gboolean core_pool_publish(Core *core, const char *admin, const char *name, const char *image,
			   unsigned version, GError **error)
{
	g_autoptr(PoolView) pool = store_pool(core->db, name, error);

	if (!pool)
		return FALSE;
	if (!pool->image)
		return wrong(error, "a pool of machines has no image");
	return publish(core, admin, pool, image ? image : pool->image, version, error);
}

gboolean core_pool_rollback(Core *core, const char *admin, const char *name, GError **error)
{
	g_autoptr(PoolView) pool = store_pool(core->db, name, error);

	if (!pool)
		return FALSE;
	if (!pool->previous_image)
		return wrong(error, "nothing was published to this pool before");
	return publish(core, admin, pool, pool->previous_image, pool->previous_version, error);
}
