/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seat: see seat.h. */
#include "desktops/seat.h"

#include "fault.h"
#include "hosts/providers.h"
#include "store_host.h"
#include "store_image.h"
#include "store_pool.h"
#include "upkeep/brokers.h"

ProviderImage seat_image(const ImageView *image)
{
	return (ProviderImage){
		.id = image->name,
		.version = image->version,
		.disk = image->disk,
		.kernel = image->kernel,
		.initrd = image->initrd,
		.cmdline = image->cmdline,
		.xml = image->xml,
		.memory = image->memory,
		.cpus = image->cpus,
		.video = image->video,
		.network = image->network,
	};
}

static ProviderDesktop specify(const StoreDesktop *row, const ImageView *image)
{
	ProviderDesktop spec = {
		.id = row->id,
		.name = row->name,
		.address = row->address,
		.protocol = row->protocol,
		.secret = row->secret,
	};

	if (image)
		spec.image = seat_image(image);
	return spec;
}

/* *out_image stays NULL for a pool without one. */
static gboolean load_image(Core *core, const PoolView *pool, ImageView **out_image, GError **error)
{
	if (!pool->image)
		return TRUE;
	*out_image = store_image(core->db, pool->image, pool->version, error);
	return *out_image != NULL;
}

gboolean seat_elsewhere(const StoreDesktop *row, const PoolView *pool)
{
	return pool->image && row->image &&
	       (!g_str_equal(row->image, pool->image) || row->version != pool->version);
}

static gboolean load_images(Core *core, Seat *seat, GError **error)
{
	const StoreDesktop *row = seat->row;

	if (!load_image(core, seat->pool, &seat->published, error))
		return FALSE;
	if (seat_elsewhere(row, seat->pool))
		seat->image = store_image(core->db, row->image, row->version, error);
	else if (!load_image(core, seat->pool, &seat->image, error))
		return FALSE;
	return seat->image || !seat->pool->image;
}

void seat_renew(Seat *seat)
{
	if (!seat->published)
		return;
	seat->spec.image = seat_image(seat->published);
	seat->spec.image.instant = seat->pool->instant && !seat->boots;
}

gboolean seat_in_reach(Core *core, const StoreDesktop *row)
{
	return !row->broker || g_str_equal(row->broker, brokers_name(core->brokers));
}

gboolean seat_pool_local(const PoolView *pool)
{
	const ProviderOps *ops = provider_find(pool->provider);

	return ops && (ops->caps & PROVIDER_LOCAL);
}

static gboolean add_machine(Core *core, Seat *seat, GError **error)
{
	const char *ca = core->options->power_ca;

	seat->machine = store_machine(core->db, seat->row->id, error);
	if (!seat->machine)
		return FALSE;
	seat->spec.power = seat->machine->power;
	seat->spec.power_secret = seat->machine->secret;
	seat->spec.power_ca = *ca ? ca : NULL;
	return TRUE;
}

/* One that is down would keep everybody waiting who asks it. */
static gboolean load_host(Core *core, Seat *seat, GError **error)
{
	g_autoptr(GError) why = NULL;
	gboolean placed;

	seat->host = store_host_of(core->db, seat->row->id, &placed, &why);
	if (why) {
		g_propagate_error(error, g_steal_pointer(&why));
		return FALSE;
	}
	if (!seat->host || !g_str_equal(seat->host->state, "down"))
		return TRUE;
	g_set_error(error, FAULT, FAULT_DESKTOP, "%s: its host %s is down: %s", seat->row->name,
		    seat->host->name, seat->host->detail);
	return FALSE;
}

Seat *seat_load(Core *core, const char *desktop_id, GError **error)
{
	g_autoptr(Seat) seat = g_new0(Seat, 1);

	seat->row = store_desktop(core->db, desktop_id, error);
	if (!seat->row)
		return NULL;
	if (!seat_in_reach(core, seat->row)) {
		g_set_error(error, FAULT, FAULT_DESKTOP,
			    "%s is on the machine of broker %s: it can be reached through that one "
			    "only",
			    seat->row->name, seat->row->broker);
		return NULL;
	}
	seat->pool = store_pool(core->db, seat->row->pool, error);
	if (!seat->pool || !load_images(core, seat, error) || !load_host(core, seat, error) ||
	    !providers_get(core->providers, seat->pool->provider,
			   seat->host ? seat->host->uri : seat->pool->uri, &seat->ops,
			   &seat->provider, error))
		return NULL;
	seat->able = provider_ability(seat->ops, seat->provider);
	seat->spec = specify(seat->row, seat->image);
	seat->spec.weight = seat->pool->weight;
	seat->spec.nics = core->options->nics;
	seat->spec.image.instant = seat->pool->instant;
	if (g_str_equal(seat->row->kind, "machines") && !add_machine(core, seat, error))
		return NULL;
	return g_steal_pointer(&seat);
}

void seat_free(Seat *seat)
{
	if (!seat)
		return;
	store_desktop_free(seat->row);
	pool_view_free(seat->pool);
	image_view_free(seat->image);
	image_view_free(seat->published);
	store_machine_free(seat->machine);
	host_view_free(seat->host);
	g_free(seat);
}

gboolean seat_powered(const Seat *seat)
{
	return (seat->able.caps & PROVIDER_POWER) && (!seat->machine || seat->machine->power);
}

gboolean seat_state(const Seat *seat, ProviderState *out, GError **error)
{
	return seat->ops->state(seat->provider, &seat->spec, out, error);
}

/* Of a desktop that is not there yet: that of any host that it could be on. */
static gboolean uri_of(Core *core, const PoolView *pool, const StoreDesktop *row, char **out_uri,
		       GError **error)
{
	gboolean placed = FALSE;

	if (!row)
		return store_host_any(core->db, pool->name, brokers_name(core->brokers), out_uri,
				      error) &&
		       (*out_uri || (*out_uri = g_strdup(pool->uri)));
	g_autoptr(HostView) host = store_host_of(core->db, row->id, &placed, error);

	*out_uri = g_strdup(host ? host->uri : pool->uri);
	return TRUE;
}

gboolean seat_displays(Core *core, const PoolView *pool, const StoreDesktop *row,
		       unsigned *out_displays, GError **error)
{
	static const StoreDesktop fresh = {.id = (char *)"d-0", .name = (char *)"new"};
	g_autoptr(ImageView) image = NULL;
	const ProviderOps *ops;
	Provider *provider;
	ProviderDesktop spec;
	g_autofree char *uri = NULL;

	if (!load_image(core, pool, &image, error) || !uri_of(core, pool, row, &uri, error) ||
	    !providers_get(core->providers, pool->provider, uri, &ops, &provider, error))
		return FALSE;
	spec = specify(row ? row : &fresh, image);
	*out_displays = ops->displays(provider, &spec);
	return TRUE;
}
