/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What waits for libspice-server's thread, what that has, and what is left of both in the end; the
 * thread is played here. (AddressSanitizer and valgrind see what leaks.) */
#include "spice_commands.h"

#define WIDTH 4

static const guint32 picture[WIDTH * 3] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

static QXLDrawable *take_drawing(SpiceCommands *c)
{
	QXLCommandExt out;

	g_assert_true(spice_commands_take(c, QXL_CMD_DRAW, &out));
	g_assert_cmpuint(out.cmd.type, ==, QXL_CMD_DRAW);
	return (QXLDrawable *)(gsize)out.cmd.data;
}

static const QXLCursor *take_cursor(SpiceCommands *c)
{
	QXLCommandExt out;

	g_assert_true(spice_commands_take(c, QXL_CMD_CURSOR, &out));
	return (const QXLCursor *)(gsize)((const QXLCursorCmd *)(gsize)out.cmd.data)->u.set.shape;
}

static void test_drawing(void)
{
	SpiceCommands c = {0};
	QXLDrawable *drawing;
	const QXLImage *image;

	spice_commands_init(&c);
	g_assert_true(spice_commands_none(&c, QXL_CMD_DRAW));
	spice_commands_draw(&c, picture, WIDTH, &(FaceRect){1, 1, 2, 2});
	g_assert_false(spice_commands_none(&c, QXL_CMD_DRAW));
	g_assert_true(spice_commands_none(&c, QXL_CMD_CURSOR));
	drawing = take_drawing(&c);
	g_assert_cmpint(drawing->bbox.left, ==, 1);
	g_assert_cmpint(drawing->bbox.bottom, ==, 3);
	image = (const QXLImage *)(gsize)drawing->u.copy.src_bitmap;
	g_assert_cmpuint(image->bitmap.stride, ==, 8);
	g_assert_cmpmem((const void *)(gsize)image->bitmap.data, 16, ((guint32[]){5, 6, 9, 10}),
			16);
	spice_commands_release(&c, &drawing->release_info);
	spice_commands_clear(&c);
}

/* Each image has an id of its own: the library and its client take one they know for unchanged. */
static void test_ids(void)
{
	SpiceCommands c = {0};
	guint64 before = 0;

	spice_commands_init(&c);
	for (unsigned i = 0; i < 3; i++) {
		const QXLImage *image;

		spice_commands_draw(&c, picture, WIDTH, &(FaceRect){0, 0, 1, 1});
		image = (const QXLImage *)(gsize)take_drawing(&c)->u.copy.src_bitmap;
		g_assert_cmpuint(image->descriptor.id, !=, before);
		before = image->descriptor.id;
	}
	spice_commands_clear(&c); /* it has all three */
}

static void test_forgotten(void)
{
	SpiceCommands c = {0};
	QXLCommandExt out;

	spice_commands_init(&c);
	spice_commands_draw(&c, picture, WIDTH, &(FaceRect){0, 0, 4, 3});
	spice_commands_draw(&c, picture, WIDTH, &(FaceRect){0, 0, 1, 1});
	spice_commands_point(&c, picture, 2, 2, 1, 0);
	take_drawing(&c);
	spice_commands_forget(&c);
	g_assert_false(spice_commands_take(&c, QXL_CMD_DRAW, &out));
	g_assert_true(spice_commands_take(&c, QXL_CMD_CURSOR, &out));
	g_assert_false(spice_commands_take(&c, QXL_CMD_CURSOR, &out));
	spice_commands_point(&c, picture, 2, 2, 1, 0);
	spice_commands_clear(&c);
}

/* It has no pixels, waits in its turn, and is given back as others are. */
static void test_move(void)
{
	SpiceCommands c = {0};
	QXLDrawable *drawing;

	spice_commands_init(&c);
	spice_commands_draw(&c, picture, WIDTH, &(FaceRect){0, 0, 1, 1});
	spice_commands_move(&c, &(FaceRect){1, 2, 3, 1}, 0, 1);
	g_assert_cmpuint(take_drawing(&c)->type, ==, QXL_DRAW_COPY);
	drawing = take_drawing(&c);
	g_assert_cmpuint(drawing->type, ==, QXL_COPY_BITS);
	g_assert_cmpint(drawing->u.copy_bits.src_pos.x, ==, 0);
	g_assert_cmpint(drawing->u.copy_bits.src_pos.y, ==, 1);
	g_assert_cmpint(drawing->bbox.left, ==, 1);
	g_assert_cmpint(drawing->bbox.top, ==, 2);
	g_assert_cmpint(drawing->bbox.right, ==, 4);
	g_assert_cmpint(drawing->bbox.bottom, ==, 3);
	g_assert_true(spice_commands_room(&c, 4));
	spice_commands_release(&c, &drawing->release_info);
	spice_commands_clear(&c);
}

/* What waits and what the library keeps: until it lets go, or what waits is forgotten. */
static void test_room(void)
{
	SpiceCommands c = {0};
	QXLDrawable *drawing;

	spice_commands_init(&c);
	g_assert_true(spice_commands_room(&c, 0));
	spice_commands_draw(&c, picture, WIDTH, &(FaceRect){0, 0, 2, 2});
	g_assert_false(spice_commands_room(&c, 15));
	g_assert_true(spice_commands_room(&c, 16));
	drawing = take_drawing(&c);
	g_assert_false(spice_commands_room(&c, 15));
	spice_commands_draw(&c, picture, WIDTH, &(FaceRect){0, 0, 1, 1});
	g_assert_false(spice_commands_room(&c, 19));
	spice_commands_release(&c, &drawing->release_info);
	g_assert_false(spice_commands_room(&c, 3));
	g_assert_true(spice_commands_room(&c, 4));
	spice_commands_forget(&c);
	g_assert_true(spice_commands_room(&c, 0));
	for (int i = 0; i < 64; i++) {
		g_assert_true(spice_commands_room(&c, G_MAXSIZE));
		spice_commands_draw(&c, picture, WIDTH, &(FaceRect){0, 0, 1, 1});
	}
	g_assert_false(spice_commands_room(&c, G_MAXSIZE));
	take_drawing(&c);
	g_assert_true(spice_commands_room(&c, G_MAXSIZE));
	spice_commands_clear(&c);
}

static void test_pointer(void)
{
	SpiceCommands c = {0};
	const QXLCursor *cursor;

	spice_commands_init(&c);
	spice_commands_point(&c, picture, 2, 3, 1, 2);
	cursor = take_cursor(&c);
	g_assert_cmpuint(cursor->header.height, ==, 3);
	g_assert_cmpuint(cursor->header.hot_spot_y, ==, 2);
	g_assert_cmpmem(cursor->chunk.data, cursor->chunk.data_size, picture, 24);
	spice_commands_clear(&c);
}

/* Only the last shape of a pointer is of use. */
static void test_pointers(void)
{
	SpiceCommands c = {0};
	const QXLCursor *cursor;

	spice_commands_init(&c);
	spice_commands_point(&c, picture, 2, 3, 1, 2);
	spice_commands_point(&c, picture, 2, 2, 1, 0);
	cursor = take_cursor(&c);
	g_assert_cmpuint(cursor->header.height, ==, 2);
	g_assert_true(spice_commands_none(&c, QXL_CMD_CURSOR));
	spice_commands_clear(&c);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spice-commands/drawing", test_drawing);
	g_test_add_func("/spice-commands/ids", test_ids);
	g_test_add_func("/spice-commands/forgotten", test_forgotten);
	g_test_add_func("/spice-commands/move", test_move);
	g_test_add_func("/spice-commands/room", test_room);
	g_test_add_func("/spice-commands/pointer", test_pointer);
	g_test_add_func("/spice-commands/pointers", test_pointers);
	return g_test_run();
}
