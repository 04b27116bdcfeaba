/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_screen: see spice_screen.h. get_..., req_... and release_resource() are called by the
 * library's thread, everything else by ours. */
#include "spice_screen.h"

#include <string.h>

#define BYTES     4
#define QUEUED    64 /* commands; a client that is slower gets fewer and larger ones */
#define WAIT_MS   40 /* until there may be room again */
#define SETTLE_MS 700

struct SpiceScreen {
	QXLInstance card;
	int width, height;
	guint32 *pixels, *theirs; /* of the same size */
	GMutex lock;
	GQueue drawings, cursors; /* of Command; under the lock */
	GHashTable *taken;        /* a set of those that the library has; likewise */
	guint32 serial;
	gboolean shown;      /* there is a primary surface */
	FaceRect dirty;      /* width 0 = nothing */
	guint flush, settle; /* sources */
	SpiceScreenWindow window;
	gpointer owner;
};

/* One allocation with what it draws behind it. */
typedef struct {
	union {
		struct {
			QXLDrawable drawable;
			QXLImage image;
		};
		struct {
			QXLCursorCmd command;
			QXLCursor cursor; /* its pixels follow at once */
		};
	};
	guint32 pixels[];
} Command;

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

static int take(SpiceScreen *screen, GQueue *queue, guint32 type, QXLCommandExt *out)
{
	Command *command;

	g_mutex_lock(&screen->lock);
	command = g_queue_pop_head(queue);
	if (command != NULL)
		g_hash_table_add(screen->taken, command);
	g_mutex_unlock(&screen->lock);
	if (command == NULL)
		return FALSE;
	memset(out, 0, sizeof *out);
	out->cmd.type = type;
	out->cmd.data = type == QXL_CMD_DRAW ? (QXLPHYSICAL)(gsize)&command->drawable
					     : (QXLPHYSICAL)(gsize)&command->command;
	return TRUE;
}

/* TRUE: there is none, wait to be woken. */
static int none_left(SpiceScreen *screen, GQueue *queue)
{
	gboolean none;

	g_mutex_lock(&screen->lock);
	none = g_queue_is_empty(queue);
	g_mutex_unlock(&screen->lock);
	return none;
}

static int get_command(QXLInstance *card, QXLCommandExt *out)
{
	SpiceScreen *screen = screen_of(card);

	return take(screen, &screen->drawings, QXL_CMD_DRAW, out);
}

static int req_cmd_notification(QXLInstance *card)
{
	return none_left(screen_of(card), &screen_of(card)->drawings);
}

static int get_cursor_command(QXLInstance *card, QXLCommandExt *out)
{
	SpiceScreen *screen = screen_of(card);

	return take(screen, &screen->cursors, QXL_CMD_CURSOR, out);
}

static int req_cursor_notification(QXLInstance *card)
{
	return none_left(screen_of(card), &screen_of(card)->cursors);
}

static void release_resource(QXLInstance *card, QXLReleaseInfoExt released)
{
	SpiceScreen *screen = screen_of(card);

	g_mutex_lock(&screen->lock);
	g_hash_table_remove(screen->taken, (gpointer)(gsize)released.info->id);
	g_mutex_unlock(&screen->lock);
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
			screen->window(screen->owner, (int)monitor->width, (int)monitor->height);
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

static void give(SpiceScreen *screen, GQueue *queue, Command *command)
{
	g_mutex_lock(&screen->lock);
	g_queue_push_tail(queue, command);
	g_mutex_unlock(&screen->lock);
	spice_qxl_wakeup(&screen->card);
}

static Command *drawing_new(SpiceScreen *screen, const FaceRect *rect)
{
	gsize row = (gsize)rect->width * BYTES;
	Command *command = g_malloc0(sizeof *command + row * (gsize)rect->height);
	QXLDrawable *drawable = &command->drawable;
	QXLImage *image = &command->image;

	for (int y = 0; y < rect->height; y++)
		memcpy(command->pixels + (gsize)y * (gsize)rect->width,
		       screen->pixels + (gsize)(rect->y + y) * (gsize)screen->width + rect->x, row);
	drawable->release_info.id = (guint64)(gsize)command;
	drawable->effect = QXL_EFFECT_OPAQUE;
	drawable->type = QXL_DRAW_COPY;
	drawable->bbox = (QXLRect){.top = rect->y,
				   .left = rect->x,
				   .bottom = rect->y + rect->height,
				   .right = rect->x + rect->width};
	drawable->clip.type = SPICE_CLIP_TYPE_NONE;
	for (int i = 0; i < 3; i++)
		drawable->surfaces_dest[i] = -1;
	drawable->u.copy.src_bitmap = (QXLPHYSICAL)(gsize)image;
	drawable->u.copy.src_area = (QXLRect){.bottom = rect->height, .right = rect->width};
	drawable->u.copy.rop_descriptor = SPICE_ROPD_OP_PUT;
	QXL_SET_IMAGE_ID(image, QXL_IMAGE_GROUP_DEVICE, ++screen->serial);
	image->descriptor.type = SPICE_IMAGE_TYPE_BITMAP;
	image->descriptor.width = (uint32_t)rect->width;
	image->descriptor.height = (uint32_t)rect->height;
	image->bitmap.format = SPICE_BITMAP_FMT_32BIT;
	image->bitmap.flags = QXL_BITMAP_DIRECT | QXL_BITMAP_TOP_DOWN;
	image->bitmap.x = (uint32_t)rect->width;
	image->bitmap.y = (uint32_t)rect->height;
	image->bitmap.stride = (uint32_t)row;
	image->bitmap.data = (QXLPHYSICAL)(gsize)command->pixels;
	return command;
}

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

static gboolean on_flush(gpointer data)
{
	SpiceScreen *screen = data;
	guint queued;

	g_mutex_lock(&screen->lock);
	queued = g_queue_get_length(&screen->drawings);
	g_mutex_unlock(&screen->lock);
	if (queued >= QUEUED) {
		screen->flush = g_timeout_add(WAIT_MS, on_flush, screen);
		return G_SOURCE_REMOVE;
	}
	screen->flush = 0;
	give(screen, &screen->drawings, drawing_new(screen, &screen->dirty));
	screen->dirty.width = 0;
	settle_later(screen);
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

void spice_screen_cursor(SpiceScreen *screen, const guint32 *argb, int width, int height, int hot_x,
			 int hot_y)
{
	gsize size = (gsize)width * (gsize)height * BYTES;
	Command *command = g_malloc0(sizeof *command + size);
	QXLCursor *cursor = &command->cursor;

	command->command.release_info.id = (guint64)(gsize)command;
	command->command.type = QXL_CURSOR_SET;
	command->command.u.set.visible = TRUE;
	command->command.u.set.shape = (QXLPHYSICAL)(gsize)cursor;
	cursor->header.unique = ++screen->serial;
	cursor->header.type = SPICE_CURSOR_TYPE_ALPHA;
	cursor->header.width = (uint16_t)width;
	cursor->header.height = (uint16_t)height;
	cursor->header.hot_spot_x = (uint16_t)hot_x;
	cursor->header.hot_spot_y = (uint16_t)hot_y;
	cursor->data_size = cursor->chunk.data_size = (uint32_t)size;
	memcpy(cursor->chunk.data, argb, size);
	give(screen, &screen->cursors, command);
}

/* ---- sizes */

static void forget_drawings(SpiceScreen *screen)
{
	g_mutex_lock(&screen->lock);
	g_queue_clear_full(&screen->drawings, g_free);
	g_mutex_unlock(&screen->lock);
	if (screen->flush != 0)
		g_source_remove(screen->flush);
	if (screen->settle != 0)
		g_source_remove(screen->settle);
	screen->flush = screen->settle = 0;
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

SpiceScreen *spice_screen_new(SpiceServer *server, int width, int height, SpiceScreenWindow window,
			      gpointer owner)
{
	QXLDevMemSlot everything = {.virt_end = ~(uintptr_t)0, .qxl_ram_size = ~0u};
	SpiceScreen *screen = g_new0(SpiceScreen, 1);

	screen->window = window;
	screen->owner = owner;
	g_mutex_init(&screen->lock);
	g_queue_init(&screen->drawings);
	g_queue_init(&screen->cursors);
	screen->taken = g_hash_table_new_full(NULL, NULL, g_free, NULL);
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
	g_queue_clear_full(&screen->cursors, g_free);
	/* The library does not give back what it still shows when it ends. */
	g_hash_table_destroy(screen->taken);
	g_mutex_clear(&screen->lock);
	g_free(screen->pixels);
	g_free(screen->theirs);
	g_free(screen);
}
