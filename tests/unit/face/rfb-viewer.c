/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb-viewer: see rfb-viewer.h. */
#include "rfb-viewer.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT (30 * G_USEC_PER_SEC)

static void on_ready(gpointer owner)
{
	g_string_append(((World *)owner)->said, "ready ");
}

static void on_key(gpointer owner, guint32 keysym, guint32 scancode, gboolean down)
{
	g_string_append_printf(((World *)owner)->said, "key:%x:%x:%d ", keysym, scancode, down);
}

static void on_pointer(gpointer owner, int x, int y, guint buttons)
{
	g_string_append_printf(((World *)owner)->said, "pointer:%d,%d:%u ", x, y, buttons);
}

static void on_window(gpointer owner, int width, int height)
{
	World *world = owner;

	g_string_append_printf(world->said, "window:%dx%d ", width, height);
	if (world->follow)
		g_assert_true(face_vnc.resize(world->face, width, height));
}

static void on_clipboard(gpointer owner, const char *text)
{
	g_string_append_printf(((World *)owner)->said, "clipboard:%s ", text);
}

static void on_closed(gpointer owner)
{
	g_string_append(((World *)owner)->said, "closed ");
}

static void on_listens(gpointer owner, gboolean on)
{
	g_string_append_printf(((World *)owner)->said, "listens:%d ", on);
}

const FaceEvents viewer_still_events = {on_ready,  on_key,       on_pointer,
					on_window, on_clipboard, on_closed};
const FaceEvents viewer_events = {
	.ready = on_ready,
	.key = on_key,
	.pointer = on_pointer,
	.window = on_window,
	.clipboard = on_clipboard,
	.closed = on_closed,
	.listens = on_listens,
};

void spin(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

void say(World *world, const void *bytes, gsize n)
{
	g_assert_cmpint(write(world->fd, bytes, n), ==, n);
}

void say_hex(World *world, const char *hex)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();

	for (; *hex != '\0'; hex++) {
		guint8 byte;

		if (*hex == ' ')
			continue;
		byte = (guint8)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
		g_byte_array_append(bytes, &byte, 1);
		hex++;
	}
	say(world, bytes->data, bytes->len);
}

const guint8 *hear(World *world, gsize n)
{
	static guint8 bytes[65536];
	gint64 end = g_get_monotonic_time() + LIMIT;
	gsize have = 0;

	g_assert_cmpuint(n, <=, sizeof bytes);
	while (have < n) {
		gssize got = recv(world->fd, bytes + have, n - have, MSG_DONTWAIT);

		if (got > 0)
			have += (gsize)got;
		else
			g_main_context_iteration(NULL, FALSE);
		g_assert_cmpint(g_get_monotonic_time(), <, end);
	}
	return bytes;
}

guint16 u16(const guint8 *at)
{
	return (guint16)(at[0] << 8 | at[1]);
}

gint32 s32(const guint8 *at)
{
	return (gint32)((guint32)at[0] << 24 | (guint32)at[1] << 16 | (guint32)at[2] << 8 | at[3]);
}

void expect(World *world, const char *said)
{
	gint64 end = g_get_monotonic_time() + LIMIT;

	while (strlen(world->said->str) < strlen(said) && g_get_monotonic_time() < end)
		g_main_context_iteration(NULL, FALSE);
	spin();
	g_assert_cmpstr(world->said->str, ==, said);
	g_string_truncate(world->said, 0);
}

void world_open_as(World *world, const FaceEvents *told)
{
	g_autoptr(GError) error = NULL;
	int ends[2];
	const guint8 *init;

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
	*world = (World){.fd = ends[0], .said = g_string_new(NULL), .follow = TRUE};
	world->face = face_vnc.open("Lobby", WIDTH, HEIGHT, told, world, &error);
	g_assert_no_error(error);
	g_assert_true(face_vnc.connect(world->face, ends[1], &error));
	g_assert_cmpmem(hear(world, 12), 12, "RFB 003.008\n", 12);
	say(world, "RFB 003.008\n", 12);
	g_assert_cmpmem(hear(world, 2), 2, "\1\1", 2);
	say(world, "\1", 1);
	g_assert_cmpint(s32(hear(world, 4)), ==, 0);
	say(world, "\1", 1);
	init = hear(world, 24);
	g_assert_cmpuint(u16(init), ==, WIDTH);
	g_assert_cmpuint(u16(init + 2), ==, HEIGHT);
	/* 32 bits, depth 24, little endian, true colour (any byte but 0), 255 each, 16 8 0 */
	g_assert_cmpmem(init + 4, 13, "\40\30\0\377\0\377\0\377\0\377\20\10\0", 13);
	g_assert_cmpint(s32(init + 20), ==, 5);
	g_assert_cmpmem(hear(world, 5), 5, "Lobby", 5);
}

void world_open(World *world)
{
	world_open_as(world, &viewer_events);
}

void world_close(World *world)
{
	face_vnc.close(world->face);
	if (world->fd >= 0)
		close(world->fd);
	g_string_free(world->said, TRUE);
	spin();
}

void set_encodings(World *world, gsize n, const gint32 *encodings)
{
	guint8 head[] = {2, 0, 0, (guint8)(n + 1), 0, 0, 0, RAW};

	say(world, head, sizeof head);
	for (gsize i = 0; i < n; i++) {
		gint32 encoding = GINT32_TO_BE(encodings[i]);

		say(world, &encoding, 4);
	}
}

void ask(World *world, gboolean incremental, int width, int height)
{
	guint8 request[] = {3, (guint8)incremental, 0, 0, 0, 0, 0, (guint8)width,
			    0, (guint8)height};

	say(world, request, sizeof request);
}

FaceRect hear_rect(World *world, gint32 encoding)
{
	const guint8 *head = hear(world, 4);

	g_assert_cmpuint(head[0], ==, 0);
	g_assert_cmpuint(u16(head + 2), ==, 1);
	head = hear(world, 12);
	g_assert_cmpint(s32(head + 8), ==, encoding);
	return (FaceRect){u16(head), u16(head + 2), u16(head + 4), u16(head + 6)};
}

void paint(World *world, const FaceRect *rect, guint32 colour)
{
	gsize stride;
	guint32 *pixels = face_vnc.pixels(world->face, &stride);

	for (int y = rect->y; y < rect->y + rect->height; y++)
		for (int x = rect->x; x < rect->x + rect->width; x++)
			pixels[(gsize)y * stride / 4 + (gsize)x] = colour;
	face_vnc.damage(world->face, rect);
}
