/* SPDX-License-Identifier: GPL-3.0-or-later */
/* templates: see templates.h. */
#include "desktops/templates.h"

#include "desktops/seat.h"
#include "fault.h"
#include "hosts/providers.h"
#include "log.h"
#include "store_image.h"
#include "store_pool.h"
#include "upkeep/maintainer.h"

typedef struct {
	ImageView *image;
	const ProviderOps *ops;
	Provider *provider;
	ProviderImage spec;
} Wish;

static void wish_clear(Wish *wish)
{
	g_clear_pointer(&wish->image, image_view_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wish, wish_clear)

/* FALSE without an error: the pool wants none, or its provider can make none. */
static gboolean read_wish(Core *core, const PoolView *pool, Wish *out, GError **error)
{
	if (!pool->instant || !pool->image ||
	    !providers_get(core->providers, pool->provider, pool->uri, &out->ops, &out->provider,
			   error) ||
	    !out->ops->prepare)
		return FALSE;
	out->image = store_image(core->db, pool->image, pool->version, error);
	if (!out->image)
		return FALSE;
	out->spec = seat_image(out->image);
	out->spec.instant = TRUE;
	return TRUE;
}

gboolean templates_lack(Core *core, const PoolView *pool)
{
	g_autoptr(GError) ignored = NULL; /* whoever starts a desktop there will hear it */
	g_auto(Wish) wish = {0};

	return read_wish(core, pool, &wish, &ignored) &&
	       !wish.ops->prepared(wish.provider, &wish.spec);
}

static gboolean stopping(gpointer core)
{
	return maintainer_stopping(((Core *)core)->maintainer);
}

gboolean templates_make(Core *core, const char *card, GError **error)
{
	g_autoptr(PoolView) pool = store_pool(core->db, card + 2, error);
	g_autoptr(GError) why = NULL;
	g_auto(Wish) wish = {0};
	gint64 began = g_get_monotonic_time();

	if (!pool)
		return FALSE;
	if (!read_wish(core, pool, &wish, &why)) {
		if (!why)
			return TRUE;
		g_propagate_error(error, g_steal_pointer(&why));
		return FALSE;
	}
	if (!wish.ops->prepare(wish.provider, &wish.spec, stopping, core, error))
		return FALSE;
	log_info(NULL, "pool %s: a template of image %s, version %u, is ready after %.1f s",
		 pool->name, wish.image->name, wish.image->version,
		 (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC);
	return TRUE;
}

/* One driver can: QEMU's, on this machine. */
gboolean templates_tidy(Core *core, GError **error)
{
	g_autoptr(GPtrArray) pools = store_pools(core->db, error);
	g_autoptr(GPtrArray) images = NULL;
	g_autoptr(GArray) specs = g_array_new(FALSE, FALSE, sizeof(ProviderImage));
	const ProviderOps *ops;
	Provider *provider;

	if (!pools || !providers_get(core->providers, "qemu", "", &ops, &provider, error))
		return FALSE;
	images = g_ptr_array_new_with_free_func((GDestroyNotify)image_view_free);
	for (guint i = 0; ops->tidy && i < pools->len; i++) {
		g_autoptr(GError) why = NULL;
		g_auto(Wish) wish = {0};
		gboolean wanted = read_wish(core, pools->pdata[i], &wish, &why);

		if (wish.provider != provider || g_error_matches(why, FAULT, FAULT_NOT_FOUND))
			continue;
		if (why) {
			g_propagate_error(error, g_steal_pointer(&why));
			return FALSE;
		}
		if (wanted) {
			g_array_append_val(specs, wish.spec);
			g_ptr_array_add(images, g_steal_pointer(&wish.image));
		}
	}
	if (ops->tidy)
		ops->tidy(provider, (const ProviderImage *)specs->data, specs->len);
	return TRUE;
}
