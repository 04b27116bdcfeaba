/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client sees that applies what a canvas tells, move by move, is what the library drew. */
#include "canvas.h"
#include "scroll.h"

#include <string.h>

#define WIDTH  200
#define HEIGHT 300
#define LINE   12

typedef struct {
	Canvas *canvas;
	guint32 drawn[WIDTH * HEIGHT];   /* the library's               */
	guint32 picture[WIDTH * HEIGHT]; /* the canvas's                */
	guint32 seen[WIDTH * HEIGHT];    /* the client's                */
	guint scrolled, changed;         /* rows that the client was told of */
	gboolean full;
} World;

static void spin(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static guint32 *on_picture(gpointer owner, int width, int height)
{
	g_assert_cmpint(width * 1000 + height, ==, WIDTH * 1000 + HEIGHT);
	return ((World *)owner)->picture;
}

static void on_changed(gpointer owner, const FaceRect *rect)
{
	World *world = owner;

	for (int y = rect->y; y < rect->y + rect->height; y++)
		memcpy(world->seen + y * WIDTH + rect->x, world->picture + y * WIDTH + rect->x,
		       (gsize)rect->width * sizeof(guint32));
	world->changed += (guint)rect->height;
}

static void on_scrolled(gpointer owner, const FaceRect *rect, int x, int y)
{
	g_autofree guint32 *before =
		g_memdup2(((World *)owner)->seen, sizeof((World *)owner)->seen);
	World *world = owner;

	for (int i = 0; i < rect->height; i++)
		memcpy(world->seen + (rect->y + i) * WIDTH + rect->x, before + (y + i) * WIDTH + x,
		       (gsize)rect->width * sizeof(guint32));
	world->scrolled += (guint)rect->height;
}

static gboolean on_full(gpointer owner)
{
	return ((World *)owner)->full;
}

static const SourceEvents events = {
	.picture = on_picture,
	.changed = on_changed,
	.scrolled = on_scrolled,
	.full = on_full,
};

/* A line of something like letters. */
static void write_line(World *world, int y)
{
	for (int row = y; row < y + LINE; row++)
		for (int x = 0; x < WIDTH; x++)
			world->drawn[row * WIDTH + x] =
				row < y + 2 || g_test_rand_int_range(0, 3) ? 0xffffff : 0x202020;
}

static void scroll_lines(World *world, int top, int n)
{
	memmove(world->drawn + top * WIDTH, world->drawn + (top + n * LINE) * WIDTH,
		(gsize)(HEIGHT - top - n * LINE) * WIDTH * sizeof(guint32));
	for (int i = 0; i < n; i++)
		write_line(world, HEIGHT - (n - i) * LINE);
}

static void expect_seen(World *world)
{
	spin();
	g_assert_cmpmem(world->seen, sizeof world->seen, world->drawn, sizeof world->drawn);
}

static World *world_open(CanvasFrom from)
{
	World *world = g_new0(World, 1);

	for (int y = 0; y < HEIGHT; y += LINE)
		write_line(world, y);
	world->canvas = canvas_new(&events, world);
	if (from.pixels == NULL)
		from.pixels = (const guint8 *)world->drawn;
	g_assert_true(canvas_open(world->canvas, &from, WIDTH, HEIGHT));
	spin();
	world->scrolled = world->changed = 0;
	return world;
}

static void world_close(World *world)
{
	canvas_free(world->canvas);
	spin();
	g_free(world);
}

static const CanvasFrom plain = {NULL, WIDTH * sizeof(guint32), sizeof(guint32), NULL};

static void test_scroll(void)
{
	World *world = world_open(plain);

	for (int n = 1; n < 6; n++) {
		world->scrolled = world->changed = 0;
		scroll_lines(world, 0, n);
		canvas_damage(world->canvas, (FaceRect){0, 0, WIDTH, HEIGHT});
		expect_seen(world);
		g_assert_cmpuint(world->scrolled, ==, HEIGHT - n * LINE);
		g_assert_cmpuint(world->changed, <=, n * LINE);
	}
	/* Down, and below a title that stays. */
	world->scrolled = world->changed = 0;
	memmove(world->drawn + 3 * LINE * WIDTH, world->drawn + 2 * LINE * WIDTH,
		(gsize)(HEIGHT - 3 * LINE) * WIDTH * sizeof(guint32));
	write_line(world, 2 * LINE);
	canvas_damage(world->canvas, (FaceRect){0, 0, WIDTH, HEIGHT});
	expect_seen(world);
	g_assert_cmpuint(world->scrolled, ==, HEIGHT - 3 * LINE);
	g_assert_cmpuint(world->changed, <=, LINE);
	world_close(world);
}

/* In strips, as QEMU tells it: together they are one. */
static void test_strips(void)
{
	World *world = world_open(plain);

	scroll_lines(world, 0, 1);
	for (int x = 0; x < WIDTH; x += 4)
		canvas_damage(world->canvas, (FaceRect){x, 0, 4, HEIGHT});
	expect_seen(world);
	g_assert_cmpuint(world->scrolled, ==, HEIGHT - LINE);
	/* So many, of which little has changed: only that is told. */
	world->changed = 0;
	write_line(world, 10 * LINE);
	for (int i = 0; i < 100; i++)
		canvas_damage(world->canvas, (FaceRect){0, i % HEIGHT, 1, 1});
	canvas_damage(world->canvas, (FaceRect){0, 10 * LINE, WIDTH, LINE});
	expect_seen(world);
	g_assert_cmpuint(world->changed, <=, LINE);
	world_close(world);
}

/* While the client has not taken it, what scrolls adds up. */
static void test_full(void)
{
	World *world = world_open(plain);

	world->full = TRUE;
	for (int i = 0; i < 4; i++) {
		scroll_lines(world, 0, 1);
		canvas_damage(world->canvas, (FaceRect){0, 0, WIDTH, HEIGHT});
		spin();
	}
	g_assert_cmpuint(world->scrolled + world->changed, ==, 0);
	world->full = FALSE;
	canvas_go_on(world->canvas);
	expect_seen(world);
	g_assert_cmpuint(world->scrolled, ==, HEIGHT - 4 * LINE);
	canvas_go_on(world->canvas);
	spin();
	g_assert_cmpuint(world->scrolled, ==, HEIGHT - 4 * LINE);
	world_close(world);
}

/* Whatever happens, in whatever order. */
static void test_anything(void)
{
	World *world = world_open(plain);

	for (int turn = 0; turn < 500; turn++) {
		int y = g_test_rand_int_range(0, HEIGHT / LINE) * LINE;
		int x = g_test_rand_int_range(0, WIDTH), more = g_test_rand_int_range(0, 40);

		world->full = g_test_rand_int_range(0, 4) == 0;
		if (g_test_rand_bit()) {
			scroll_lines(world, y / 2 / LINE * LINE, g_test_rand_int_range(1, 4));
			canvas_damage(world->canvas, (FaceRect){0, 0, WIDTH, HEIGHT});
		}
		if (g_test_rand_bit()) {
			write_line(world, y);
			canvas_damage(world->canvas, (FaceRect){0, y, WIDTH, LINE});
		}
		for (int i = 0; i < more; i++) {
			world->drawn[y * WIDTH + x] ^= 0xff;
			canvas_damage(world->canvas, (FaceRect){x, y, 1, 1});
		}
		if (g_test_rand_int_range(0, 30) == 0)
			memset(world->drawn, turn & 0xff, sizeof world->drawn / 2);
		if (g_test_rand_bit())
			canvas_damage(world->canvas, (FaceRect){-5, -5, WIDTH + 20, HEIGHT + 20});
		spin();
	}
	world->full = FALSE;
	canvas_damage(world->canvas, (FaceRect){0, 0, WIDTH, HEIGHT});
	expect_seen(world);
	g_assert_cmpuint(world->scrolled, >, 0);
	world_close(world);
}

static void row_of_bytes(guint32 *to, const guint8 *from, int n)
{
	for (int i = 0; i < n; i++)
		to[i] = from[i] * 0x010101u;
}

static void test_other_pixels(void)
{
	static guint8 grey[WIDTH * HEIGHT];
	World *world = world_open((CanvasFrom){grey, WIDTH, 1, row_of_bytes});

	grey[3 * WIDTH + 2] = 7;
	canvas_damage(world->canvas, (FaceRect){2, 3, 1, 1});
	spin();
	g_assert_cmphex(world->seen[3 * WIDTH + 2], ==, 0x070707);
	canvas_close(world->canvas);
	g_assert_false(canvas_damage(world->canvas, (FaceRect){2, 3, 1, 1}));
	world_close(world);
}

static void test_nothing(void)
{
	World *world = world_open(plain);

	g_assert_false(canvas_damage(world->canvas, (FaceRect){WIDTH, 0, 10, 10}));
	g_assert_false(canvas_damage(world->canvas, (FaceRect){0, -10, 10, -10}));
	g_assert_false(canvas_damage(world->canvas, (FaceRect){G_MAXINT, 0, G_MAXINT, 1}));
	spin();
	g_assert_cmpuint(world->scrolled + world->changed, ==, 0);
	world_close(world);
}

/* What only looks alike has not moved. */
static void test_no_scroll(void)
{
	g_autofree guint32 *before = g_new0(guint32, WIDTH * HEIGHT);
	g_autofree guint32 *now = g_new0(guint32, WIDTH * HEIGHT);
	const ScrollRows old = {(const guint8 *)before, WIDTH * 4};
	const ScrollRows new = {(const guint8 *)now, WIDTH * 4};
	Scroll found;

	g_assert_false(scroll_find(&old, &new, WIDTH, HEIGHT, &found)); /* one colour */
	for (int i = 0; i < WIDTH * HEIGHT; i++) {
		before[i] = (guint32)g_test_rand_int();
		now[i] = (guint32)g_test_rand_int();
	}
	g_assert_false(scroll_find(&old, &new, WIDTH, HEIGHT, &found));
	memcpy(now, before, WIDTH * HEIGHT * 4);
	g_assert_false(scroll_find(&old, &new, WIDTH, HEIGHT, &found));
	memcpy(now, before + WIDTH, (HEIGHT - 1) * WIDTH * 4);
	g_assert_false(scroll_find(&old, &new, SCROLL_LEAST - 1, HEIGHT, &found));
	g_assert_true(scroll_find(&old, &new, WIDTH, HEIGHT, &found));
	g_assert_cmpint(found.from * 10000 + found.to * 1000 + found.height, ==,
			10000 + HEIGHT - 1);
	/* The last pixel of each row is another: no sample sees it. */
	for (int y = 0; y < HEIGHT; y++)
		now[y * WIDTH + WIDTH - 1] ^= 1;
	g_assert_false(scroll_find(&old, &new, WIDTH, HEIGHT, &found));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/canvas/scroll", test_scroll);
	g_test_add_func("/canvas/strips", test_strips);
	g_test_add_func("/canvas/full", test_full);
	g_test_add_func("/canvas/anything", test_anything);
	g_test_add_func("/canvas/other-pixels", test_other_pixels);
	g_test_add_func("/canvas/nothing", test_nothing);
	g_test_add_func("/canvas/no-scroll", test_no_scroll);
	return g_test_run();
}
