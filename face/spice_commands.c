/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_commands: see spice_commands.h. */
#include "spice_commands.h"

#include <string.h>

#define BYTES   4
#define WAITING 64 /* drawings; the library takes none while its client is slow */

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
	gsize size; /* that counts */
	guint32 pixels[];
} Command;

void spice_commands_init(SpiceCommands *commands)
{
	g_mutex_init(&commands->lock);
	g_queue_init(&commands->drawings);
	g_queue_init(&commands->cursors);
	commands->taken = g_hash_table_new_full(NULL, NULL, g_free, NULL);
}

void spice_commands_clear(SpiceCommands *commands)
{
	g_queue_clear_full(&commands->drawings, g_free);
	g_queue_clear_full(&commands->cursors, g_free);
	/* The library does not give back what it still shows when it ends. */
	g_hash_table_destroy(commands->taken);
	g_mutex_clear(&commands->lock);
}

/* ---- ours */

static Command *copy_of(const guint32 *pixels, int row, const FaceRect *rect)
{
	gsize size = (gsize)rect->width * BYTES;
	Command *command = g_malloc0(sizeof *command + size * (gsize)rect->height);

	command->size = size * (gsize)rect->height;
	for (int y = 0; y < rect->height; y++)
		memcpy(command->pixels + (gsize)y * (gsize)rect->width,
		       pixels + (gsize)(rect->y + y) * (gsize)row + rect->x, size);
	return command;
}

static void describe_image(Command *command, guint32 serial, const FaceRect *rect)
{
	QXLImage *image = &command->image;

	QXL_SET_IMAGE_ID(image, QXL_IMAGE_GROUP_DEVICE, serial);
	image->descriptor.type = SPICE_IMAGE_TYPE_BITMAP;
	image->descriptor.width = (uint32_t)rect->width;
	image->descriptor.height = (uint32_t)rect->height;
	image->bitmap.format = SPICE_BITMAP_FMT_32BIT;
	image->bitmap.flags = QXL_BITMAP_DIRECT | QXL_BITMAP_TOP_DOWN;
	image->bitmap.x = (uint32_t)rect->width;
	image->bitmap.y = (uint32_t)rect->height;
	image->bitmap.stride = (uint32_t)rect->width * BYTES;
	image->bitmap.data = (QXLPHYSICAL)(gsize)command->pixels;
}

/* Where it is, and that all below it is gone. */
static void describe_place(Command *command, guint8 type, const FaceRect *rect)
{
	QXLDrawable *drawable = &command->drawable;

	drawable->release_info.id = (guint64)(gsize)command;
	drawable->effect = QXL_EFFECT_OPAQUE;
	drawable->type = type;
	drawable->bbox = (QXLRect){.top = rect->y,
				   .left = rect->x,
				   .bottom = rect->y + rect->height,
				   .right = rect->x + rect->width};
	drawable->clip.type = SPICE_CLIP_TYPE_NONE;
	for (int i = 0; i < 3; i++)
		drawable->surfaces_dest[i] = -1;
}

static void give_drawing(SpiceCommands *commands, Command *command)
{
	g_mutex_lock(&commands->lock);
	commands->bytes += command->size;
	g_queue_push_tail(&commands->drawings, command);
	g_mutex_unlock(&commands->lock);
}

void spice_commands_draw(SpiceCommands *commands, const guint32 *pixels, int row,
			 const FaceRect *rect)
{
	Command *command = copy_of(pixels, row, rect);
	QXLDrawable *drawable = &command->drawable;

	describe_image(command, ++commands->serial, rect);
	describe_place(command, QXL_DRAW_COPY, rect);
	drawable->u.copy.src_bitmap = (QXLPHYSICAL)(gsize)&command->image;
	drawable->u.copy.src_area = (QXLRect){.bottom = rect->height, .right = rect->width};
	drawable->u.copy.rop_descriptor = SPICE_ROPD_OP_PUT;
	give_drawing(commands, command);
}

void spice_commands_move(SpiceCommands *commands, const FaceRect *rect, int x, int y)
{
	Command *command = g_new0(Command, 1);

	describe_place(command, QXL_COPY_BITS, rect);
	command->drawable.u.copy_bits.src_pos = (QXLPoint){.x = x, .y = y};
	give_drawing(commands, command);
}

void spice_commands_point(SpiceCommands *commands, const guint32 *argb, int width, int height,
			  int hot_x, int hot_y)
{
	gsize size = (gsize)width * (gsize)height * BYTES;
	Command *command = g_malloc0(sizeof *command + size);
	QXLCursor *cursor = &command->cursor;

	command->command.release_info.id = (guint64)(gsize)command;
	command->command.type = QXL_CURSOR_SET;
	command->command.u.set.visible = TRUE;
	command->command.u.set.shape = (QXLPHYSICAL)(gsize)cursor;
	cursor->header.unique = ++commands->serial;
	cursor->header.type = SPICE_CURSOR_TYPE_ALPHA;
	cursor->header.width = (uint16_t)width;
	cursor->header.height = (uint16_t)height;
	cursor->header.hot_spot_x = (uint16_t)hot_x;
	cursor->header.hot_spot_y = (uint16_t)hot_y;
	cursor->data_size = cursor->chunk.data_size = (uint32_t)size;
	memcpy(cursor->chunk.data, argb, size);
	g_mutex_lock(&commands->lock);
	g_queue_clear_full(&commands->cursors, g_free);
	g_queue_push_tail(&commands->cursors, command);
	g_mutex_unlock(&commands->lock);
}

gboolean spice_commands_room(SpiceCommands *commands, gsize most)
{
	gboolean room;

	g_mutex_lock(&commands->lock);
	room = commands->bytes <= most && g_queue_get_length(&commands->drawings) < WAITING;
	g_mutex_unlock(&commands->lock);
	return room;
}

void spice_commands_forget(SpiceCommands *commands)
{
	Command *command;

	g_mutex_lock(&commands->lock);
	while ((command = g_queue_pop_head(&commands->drawings)) != NULL) {
		commands->bytes -= command->size;
		g_free(command);
	}
	g_mutex_unlock(&commands->lock);
}

/* ---- the library's */

static GQueue *queue_of(SpiceCommands *commands, guint32 type)
{
	return type == QXL_CMD_DRAW ? &commands->drawings : &commands->cursors;
}

gboolean spice_commands_take(SpiceCommands *commands, guint32 type, QXLCommandExt *out)
{
	Command *command;

	g_mutex_lock(&commands->lock);
	command = g_queue_pop_head(queue_of(commands, type));
	if (command != NULL)
		g_hash_table_add(commands->taken, command);
	g_mutex_unlock(&commands->lock);
	if (command == NULL)
		return FALSE;
	memset(out, 0, sizeof *out);
	out->cmd.type = type;
	out->cmd.data = type == QXL_CMD_DRAW ? (QXLPHYSICAL)(gsize)&command->drawable
					     : (QXLPHYSICAL)(gsize)&command->command;
	return TRUE;
}

gboolean spice_commands_none(SpiceCommands *commands, guint32 type)
{
	gboolean none;

	g_mutex_lock(&commands->lock);
	none = g_queue_is_empty(queue_of(commands, type));
	g_mutex_unlock(&commands->lock);
	return none;
}

void spice_commands_release(SpiceCommands *commands, const QXLReleaseInfo *released)
{
	Command *command = (gpointer)(gsize)released->id;

	g_mutex_lock(&commands->lock);
	commands->bytes -= command->size;
	g_hash_table_remove(commands->taken, command);
	g_mutex_unlock(&commands->lock);
}
