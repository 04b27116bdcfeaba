/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_screen: see spice_screen.h. get_..., req_... and release_resource() are called by the
 * library's thread, everything else by ours. */
#include "spice_screen.h"

#include "spice_commands.h"

#define BYTES     4
#define AHEAD     2  /* pictures that the client has not got, or the library keeps */
#define WAIT_MS   10 /* until there may be room again, and longer each time: */
#define WAIT_MOST 160
#define SETTLE_MS 700

struct SpiceScreen {
	QXLInstance card;
	int width, height;
	guint32 *pixels, *theirs; /* of the same size */
	SpiceCommands commands;
	gboolean shown;      /* there is a primary surface */
	FaceRect dirty;      /* width 0 = nothing */
	guint flush, settle; /* sources */
	guint full;          /* flush waits so long for room; 0 = there is some */
	const SpiceScreenEvents *events;
	gpointer owner;
};

static SpiceScreen *screen_of(QXLInstance *card)
{
	return SPICE_CONTAINEROF(card, SpiceScreen, card);
}

/* ---- the library's thread */

static void get_init_info(QXLInstance *card, QXLDevInitInfo *info)
{
	*info = (QXLDevInitInfo){
		.num_memslots_groups = 1,
		.num_memslots = 1,
		.memslot_gen_bits = 1,
		.memslot_id_bits = 1,
		.n_surfaces = 1,
	};
}

static int get_command(QXLInstance *card, QXLCommandExt *out)
{
	return spice_commands_take(&screen_of(card)->commands, QXL_CMD_DRAW, out);
}

/* TRUE: there is none, wait to be woken. */
static int req_cmd_notification(QXLInstance *card)
{
	return spice_commands_none(&screen_of(card)->commands, QXL_CMD_DRAW);
}

static int get_cursor_command(QXLInstance *card, QXLCommandExt *out)
{
	return spice_commands_take(&screen_of(card)->commands, QXL_CMD_CURSOR, out);
}

static int req_cursor_notification(QXLInstance *card)
{
	return spice_commands_none(&screen_of(card)->commands, QXL_CMD_CURSOR);
}

static void release_resource(QXLInstance *card, QXLReleaseInfoExt released)
{
	spice_commands_release(&screen_of(card)->commands, released.info);
}

static int flush_resources(QXLInstance *card)
{
	return 0;
}

static void ignore_card(QXLInstance *card)
{
}

static void ignore_level(QXLInstance *card, int level)
{
}

static void ignore_update(QXLInstance *card, uint32_t id)
{
}

static void ignore_async(QXLInstance *card, uint64_t cookie)
{
}

static void ignore_area(QXLInstance *card, uint32_t surface, QXLRect *rects, uint32_t n)
{
}

static void ignore_client(QXLInstance *card, uint8_t present, uint8_t *caps)
{
}

/* ---- ours */

/* NULL: the library asks whether we would. The first monitor that is on. */
static int client_monitors_config(QXLInstance *card, VDAgentMonitorsConfig *config)
{
	SpiceScreen *screen = screen_of(card);

	for (uint32_t i = 0; config != NULL && i < config->num_of_monitors; i++) {
		const VDAgentMonConfig *monitor = &config->monitors[i];

		if (monitor->width == 0 || monitor->height == 0)
			continue;
		if (monitor->width <= FACE_MAX_WIDTH && monitor->height <= FACE_MAX_HEIGHT)
			screen->events->window(screen->owner, (int)monitor->width,
					       (int)monitor->height);
		break;
	}
	return TRUE;
}

static const QXLInterface card_interface = {
	.base = {SPICE_INTERFACE_QXL, "a picture", SPICE_INTERFACE_QXL_MAJOR,
		 SPICE_INTERFACE_QXL_MINOR},
	.attached_worker = ignore_card,
	.set_compression_level = ignore_level,
	.get_init_info = get_init_info,
	.get_command = get_command,
	.req_cmd_notification = req_cmd_notification,
	.release_resource = release_resource,
	.get_cursor_command = get_cursor_command,
	.req_cursor_notification = req_cursor_notification,
	.notify_update = ignore_update,
	.flush_resources = flush_resources,
	.async_complete = ignore_async,
	.update_area_complete = ignore_area,
	.set_client_capabilities = ignore_client,
	.client_monitors_config = client_monitors_config,
};

/* The library keeps each drawing that can still be seen, unless it has to put them into its own
 * picture: then it lets go of all. */
static gboolean on_settle(gpointer data)
{
	SpiceScreen *screen = data;
	QXLRect all = {.bottom = screen->height, .right = screen->width};

	screen->settle = 0;
	spice_qxl_update_area(&screen->card, 0, &all, NULL, 0, TRUE);
	return G_SOURCE_REMOVE;
}

static void settle_later(SpiceScreen *screen)
{
	if (screen->settle != 0)
		g_source_remove(screen->settle);
	screen->settle = g_timeout_add(SETTLE_MS, on_settle, screen);
}

/* What a slow client has not got, and all of which something can still be seen, would be without
 * end: it gets fewer drawings and larger ones, and the library is asked to let go. */
static gboolean has_room(SpiceScreen *screen)
{
	gsize picture = (gsize)screen->width * (gsize)screen->height * BYTES;

	return spice_commands_room(&screen->commands, AHEAD * picture);
}

static gboolean on_flush(gpointer data)
{
	SpiceScreen *screen = data;

	if (!has_room(screen)) {
		screen->full = CLAMP(2 * screen->full, WAIT_MS, WAIT_MOST);
		spice_qxl_oom(&screen->card);
		screen->flush = g_timeout_add(screen->full, on_flush, screen);
		return G_SOURCE_REMOVE;
	}
	screen->full = 0;
	screen->flush = 0;
	spice_commands_draw(&screen->commands, screen->pixels, screen->width, &screen->dirty);
	spice_qxl_wakeup(&screen->card);
	screen->dirty.width = 0;
	settle_later(screen);
	screen->events->taken(screen->owner);
	return G_SOURCE_REMOVE;
}

/* What is damaged in one turn of the loop becomes one drawing. */
void spice_screen_damage(SpiceScreen *screen, const FaceRect *rect)
{
	FaceRect *dirty = &screen->dirty;
	int left = MAX(rect->x, 0), top = MAX(rect->y, 0);
	int right = MIN(rect->x + rect->width, screen->width);
	int bottom = MIN(rect->y + rect->height, screen->height);

	if (left >= right || top >= bottom)
		return;
	if (dirty->width > 0) {
		left = MIN(left, dirty->x);
		top = MIN(top, dirty->y);
		right = MAX(right, dirty->x + dirty->width);
		bottom = MAX(bottom, dirty->y + dirty->height);
	}
	*dirty = (FaceRect){left, top, right - left, bottom - top};
	if (screen->flush == 0)
		screen->flush = g_idle_add(on_flush, screen);
}

/* What is damaged and has not been drawn yet, the client moves as it was. */
static void damage_moved(SpiceScreen *screen, const FaceRect *rect, int x, int y)
{
	const FaceRect *dirty = &screen->dirty;
	int left = MAX(x, dirty->x), top = MAX(y, dirty->y);
	int right = MIN(x + rect->width, dirty->x + dirty->width);
	int bottom = MIN(y + rect->height, dirty->y + dirty->height);
	FaceRect moved = {left + rect->x - x, top + rect->y - y, right - left, bottom - top};

	if (dirty->width > 0 && left < right && top < bottom)
		spice_screen_damage(screen, &moved);
}

void spice_screen_scroll(SpiceScreen *screen, const FaceRect *rect, int x, int y)
{
	if (screen->full != 0 || !has_room(screen)) {
		spice_screen_damage(screen, rect);
		return;
	}
	spice_commands_move(&screen->commands, rect, x, y);
	spice_qxl_wakeup(&screen->card);
	damage_moved(screen, rect, x, y);
	settle_later(screen);
}

gboolean spice_screen_full(const SpiceScreen *screen)
{
	return screen->full != 0;
}

void spice_screen_cursor(SpiceScreen *screen, const guint32 *argb, int width, int height, int hot_x,
			 int hot_y)
{
	spice_commands_point(&screen->commands, argb, width, height, hot_x, hot_y);
	spice_qxl_wakeup(&screen->card);
}

/* ---- sizes */

static void forget_drawings(SpiceScreen *screen)
{
	spice_commands_forget(&screen->commands);
	if (screen->flush != 0)
		g_source_remove(screen->flush);
	if (screen->settle != 0)
		g_source_remove(screen->settle);
	screen->flush = screen->settle = 0;
	screen->full = 0;
	screen->dirty.width = 0;
}

void spice_screen_resize(SpiceScreen *screen, int width, int height)
{
	QXLDevSurfaceCreate surface = {
		.width = (uint32_t)width,
		.height = (uint32_t)height,
		.stride = -width * BYTES,
		.format = SPICE_SURFACE_FMT_32_xRGB,
		.type = QXL_SURF_TYPE_PRIMARY,
		.mouse_mode = TRUE, /* else no client may tell where its pointer is */
	};
	gsize size = (gsize)width * (gsize)height;

	g_assert(width > 0 && height > 0 && width <= FACE_MAX_WIDTH && height <= FACE_MAX_HEIGHT);
	forget_drawings(screen);
	/* Waits until the thread has let go of the old one. */
	if (screen->shown)
		spice_qxl_destroy_primary_surface(&screen->card, 0);
	g_free(screen->pixels);
	g_free(screen->theirs);
	screen->pixels = g_new0(guint32, size);
	screen->theirs = g_new0(guint32, size);
	screen->width = width;
	screen->height = height;
	surface.mem = (guint64)(gsize)screen->theirs;
	spice_qxl_create_primary_surface(&screen->card, 0, &surface);
	screen->shown = TRUE;
}

guint32 *spice_screen_pixels(SpiceScreen *screen, gsize *out_stride)
{
	*out_stride = (gsize)screen->width * BYTES;
	return screen->pixels;
}

int spice_screen_width(const SpiceScreen *screen)
{
	return screen->width;
}

int spice_screen_height(const SpiceScreen *screen)
{
	return screen->height;
}

SpiceScreen *spice_screen_new(SpiceServer *server, int width, int height,
			      const SpiceScreenEvents *events, gpointer owner)
{
	QXLDevMemSlot everything = {.virt_end = ~(uintptr_t)0, .qxl_ram_size = ~0u};
	SpiceScreen *screen = g_new0(SpiceScreen, 1);

	screen->events = events;
	screen->owner = owner;
	spice_commands_init(&screen->commands);
	screen->card.base.sif = &card_interface.base;
	if (spice_server_add_interface(server, &screen->card.base) != 0) {
		spice_screen_free(screen);
		return NULL;
	}
	spice_qxl_add_memslot(&screen->card, &everything);
	spice_screen_resize(screen, width, height);
	spice_qxl_set_device_info(&screen->card, "pci/0000/01.00", 0, 1);
	return screen;
}

void spice_screen_free(SpiceScreen *screen)
{
	if (screen == NULL)
		return;
	forget_drawings(screen);
	spice_commands_clear(&screen->commands);
	g_free(screen->pixels);
	g_free(screen->theirs);
	g_free(screen);
}
