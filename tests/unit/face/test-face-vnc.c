/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The VNC face against a client that speaks RFB byte by byte (rfb-viewer.h). */
#include "rfb-viewer.h"

#include "autofd.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void test_picture(void)
{
	const FaceRect all = {0, 0, WIDTH, HEIGHT}, part = {8, 4, 16, 10};
	World world;
	FaceRect rect;
	const guint8 *pixels;

	world_open(&world);
	paint(&world, &all, 0x123456);
	set_encodings(&world, 0, NULL);
	spin();
	g_assert_cmpstr(world.said->str, ==, "");
	ask(&world, FALSE, WIDTH, HEIGHT);
	rect = hear_rect(&world, RAW);
	g_assert_true(memcmp(&rect, &all, sizeof rect) == 0);
	pixels = hear(&world, WIDTH * HEIGHT * 4);
	g_assert_cmpmem(pixels, 3, "\x56\x34\x12", 3);
	expect(&world, "ready ");

	/* Nothing is sent before it changes, and then only that. */
	ask(&world, TRUE, WIDTH, HEIGHT);
	spin();
	g_assert_cmpint(poll(&(struct pollfd){.fd = world.fd, .events = POLLIN}, 1, 0), ==, 0);
	paint(&world, &part, 0xff0000);
	rect = hear_rect(&world, RAW);
	g_assert_true(memcmp(&rect, &part, sizeof rect) == 0);
	pixels = hear(&world, 16 * 10 * 4);
	g_assert_cmpmem(pixels, 3, "\0\0\xff", 3);

	/* Out of the picture is no damage. */
	ask(&world, TRUE, WIDTH, HEIGHT);
	face_vnc.damage(world.face, &(FaceRect){WIDTH, 0, 10, 10});
	face_vnc.damage(world.face, &(FaceRect){-10, -10, 10, 10});
	face_vnc.damage(world.face, &(FaceRect){WIDTH - 2, HEIGHT - 2, 10, 10});
	rect = hear_rect(&world, RAW);
	g_assert_cmpint(rect.width * 100 + rect.height, ==, 202);
	world_close(&world);
}

static void test_scroll(void)
{
	static const gint32 encodings[] = {COPYRECT, CURSOR};
	const guint8 *from;
	World world;
	FaceRect rect;

	world_open(&world);
	set_encodings(&world, 2, encodings);
	ask(&world, FALSE, WIDTH, HEIGHT);
	hear(&world, 4 + 12); /* the empty cursor */
	g_assert_cmpint(s32(hear(&world, 12) + 8), ==, RAW);
	hear(&world, WIDTH * HEIGHT * 4);
	ask(&world, TRUE, WIDTH, HEIGHT);
	face_vnc.scroll(world.face, &(FaceRect){0, 0, 30, 20}, 0, 7);
	rect = hear_rect(&world, COPYRECT);
	g_assert_cmpint(rect.width * 100 + rect.height, ==, 3020);
	from = hear(&world, 4);
	g_assert_cmpuint(u16(from) * 100 + u16(from + 2), ==, 7);
	world_close(&world);
}

static void test_input(void)
{
	World world;

	world_open(&world);
	say_hex(&world, "04 01 0000 000000e4"); /* adiaeresis down */
	say_hex(&world, "04 00 0000 000000e4");
	say_hex(&world, "05 01 0005 0006");
	say_hex(&world, "05 00 ffff ffff");
	say_hex(&world, "06 000000 00000003 61 e4 0a"); /* Latin-1 */
	expect(&world,
	       "key:e4:0:1 key:e4:0:0 pointer:5,6:1 pointer:63,47:0 clipboard:a\303\244\n ");
	/* To the client, which knows no more than Latin-1: the euro sign does not fit. */
	face_vnc.clipboard(world.face, "\303\244\342\202\254");
	g_assert_cmpuint(hear(&world, 4)[0], ==, 3);
	g_assert_cmpmem(hear(&world, 6), 6, "\0\0\0\2\344?", 6);
	world_close(&world);
}

/* QEMU's extensions: where a key is, and the lights; only for who asks. */
static void test_keyboard(void)
{
	static const gint32 encodings[] = {EXTENDED_KEYS, LED_STATE};
	World world;

	world_open(&world);
	face_vnc.leds(world.face, 2);
	set_encodings(&world, 2, encodings);
	ask(&world, FALSE, WIDTH, HEIGHT);
	hear_rect(&world, RAW); /* a viewer's first update shall have its picture */
	hear(&world, WIDTH * HEIGHT * 4);
	hear_rect(&world, EXTENDED_KEYS);
	hear_rect(&world, LED_STATE);
	g_assert_cmpuint(hear(&world, 1)[0], ==, 2);
	say_hex(&world, "ff 00 0001 00000061 0000001e"); /* a down */
	say_hex(&world, "ff 00 0000 00000061 0000001e");
	say_hex(&world, "ff 00 0001 0000ff52 000000c8"); /* up, extended */
	say_hex(&world, "04 00 0000 0000ff52");
	expect(&world, "ready key:61:1e:1 key:61:1e:0 key:ff52:e048:1 key:ff52:0:0 ");
	face_vnc.leds(world.face, 2); /* as before: nothing to say */
	face_vnc.leds(world.face, 4);
	hear_rect(&world, LED_STATE);
	g_assert_cmpuint(hear(&world, 1)[0], ==, 4);
	say_hex(&world, "ff 07 0001 00000061 0000001e"); /* no message of this kind */
	expect(&world, "closed ");
	face_vnc.leds(world.face, 1);
	world_close(&world);

	world_open(&world);
	set_encodings(&world, 0, NULL);
	face_vnc.leds(world.face, 7);
	ask(&world, FALSE, WIDTH, HEIGHT);
	hear_rect(&world, RAW);
	world_close(&world);
}

/* After the first picture, as everything that is announced. */
static void see_picture(World *world)
{
	ask(world, FALSE, WIDTH, HEIGHT);
	hear_rect(world, RAW);
	hear(world, WIDTH * HEIGHT * 4);
}

static void test_sound(void)
{
	static const gint32 encodings[] = {SOUND};
	static const gint16 frames[] = {0x1234, -2};
	World world;

	world_open(&world);
	set_encodings(&world, 1, encodings);
	see_picture(&world);
	hear_rect(&world, SOUND);
	face_vnc.sound(world.face, frames, 1, 44100); /* it does not listen yet */
	say_hex(&world, "ff 01 0002 03 01 0000ac44"); /* 16 bits, mono, 44100 */
	say_hex(&world, "ff 01 0000");
	expect(&world, "ready listens:1 ");
	face_vnc.sound(world.face, frames, 1, 44100);
	g_assert_cmpmem(hear(&world, 4), 4, "\377\1\0\1", 4); /* begins */
	g_assert_cmpmem(hear(&world, 8), 8, "\377\1\0\2\0\0\0\2", 8);
	g_assert_cmpmem(hear(&world, 2), 2, "\x19\x09", 2);
	face_vnc.sound(world.face, frames, 1, 44100);
	g_assert_cmpmem(hear(&world, 8 + 2), 4, "\377\1\0\2", 4);
	face_vnc.sound(world.face, NULL, 0, 44100);
	g_assert_cmpmem(hear(&world, 4), 4, "\377\1\0\0", 4); /* ends */
	face_vnc.sound(world.face, NULL, 0, 44100);           /* once */
	face_vnc.sound(world.face, frames, 1, 44100);
	g_assert_cmpmem(hear(&world, 4 + 10), 4, "\377\1\0\1", 4);
	say_hex(&world, "ff 01 0001");
	g_assert_cmpmem(hear(&world, 4), 4, "\377\1\0\0", 4);
	expect(&world, "listens:0 ");
	face_vnc.sound(world.face, frames, 1, 44100);
	say_hex(&world, "ff 01 0002 06 02 0000ac44"); /* no such sample */
	expect(&world, "closed ");
	face_vnc.sound(world.face, frames, 1, 44100);
	world_close(&world);
}

/* A client that does not read gets no more than its line holds, and nobody waits. */
static void test_sound_stalls(void)
{
	static const gint32 encodings[] = {SOUND};
	static gint16 frames[2 * 4800];
	gint64 began;
	World world;

	world_open(&world);
	set_encodings(&world, 1, encodings);
	see_picture(&world);
	hear_rect(&world, SOUND);
	say_hex(&world, "ff 01 0000");
	expect(&world, "ready listens:1 ");
	began = g_get_monotonic_time();
	for (int i = 0; i < 1000; i++)
		face_vnc.sound(world.face, frames, 4800, 48000);
	g_assert_cmpint(g_get_monotonic_time() - began, <, 30 * G_USEC_PER_SEC);
	expect(&world, "");
	close(world.fd);
	world.fd = -1;
	for (int i = 0; i < 3; i++)
		face_vnc.sound(world.face, frames, 4800, 48000);
	expect(&world, "closed ");
	world_close(&world);
}

/* An owner that makes no sound does not announce it. */
static void test_no_sound(void)
{
	static const gint32 encodings[] = {SOUND};
	World world;

	world_open_as(&world, &viewer_still_events);
	set_encodings(&world, 1, encodings);
	see_picture(&world);
	ask(&world, TRUE, WIDTH, HEIGHT);
	expect(&world, "ready ");
	g_assert_cmpint(poll(&(struct pollfd){.fd = world.fd, .events = POLLIN}, 1, 0), ==, 0);
	world_close(&world);
}

static void test_size(void)
{
	static const gint32 follows[] = {DESKTOP_SIZE};
	World world;
	FaceRect rect;

	world_open(&world);
	set_encodings(&world, 1, follows);
	ask(&world, FALSE, WIDTH, HEIGHT);
	rect = hear_rect(&world, DESKTOP_SIZE);
	g_assert_cmpint(rect.width * 1000 + rect.height, ==, WIDTH * 1000 + HEIGHT);
	hear(&world, 4 + 16);
	hear_rect(&world, RAW);
	hear(&world, WIDTH * HEIGHT * 4);
	say_hex(&world, "fb 00 0050 003c 01 00 00000001 0000 0000 0050 003c 00000000"); /* 80x60 */
	ask(&world, TRUE, 80, 60);
	rect = hear_rect(&world, DESKTOP_SIZE);
	g_assert_cmpint(rect.x * 10 + rect.y, ==, 10); /* asked by the client, done */
	g_assert_cmpint(rect.width * 1000 + rect.height, ==, 80060);
	g_assert_cmpuint(u16(hear(&world, 4 + 16) + 12), ==, 80);
	expect(&world, "ready window:80x60 ");

	/* With it comes the new picture, black. */
	hear_rect(&world, RAW);
	g_assert_cmpmem(hear(&world, 80 * 60 * 4), 4, "\0\0\0\0", 4);
	face_vnc.damage(world.face, &(FaceRect){70, 50, 10, 10});

	/* Larger than any picture: refused, and the owner is not bothered. */
	say_hex(&world, "fb 00 2000 2000 01 00 00000001 0000 0000 2000 2000 00000000");
	ask(&world, TRUE, 80, 60);
	rect = hear_rect(&world, DESKTOP_SIZE);
	g_assert_cmpint(rect.x * 10 + rect.y, ==, 11);
	expect(&world, "");
	world_close(&world);
}

/* A viewer that can not follow keeps its size. */
static void test_no_size(void)
{
	World world;

	world_open(&world);
	set_encodings(&world, 0, NULL);
	ask(&world, FALSE, WIDTH, HEIGHT);
	hear_rect(&world, RAW);
	g_assert_false(face_vnc.resize(world.face, 80, 60));
	world_close(&world);
}

static void test_cursor(void)
{
	static const gint32 shapes[] = {CURSOR};
	static const guint32 argb[] = {0xff102030, 0x80402010, 0x00000000, 0x7f000000};
	const guint8 *bytes;
	World world;
	FaceRect rect;

	world_open(&world);
	face_vnc.cursor(world.face, argb, 2, 2, 1, 0);
	set_encodings(&world, 1, shapes);
	ask(&world, TRUE, 1, 1);
	bytes = hear(&world, 4);
	g_assert_cmpuint(u16(bytes + 2), ==, 2);
	bytes = hear(&world, 12);
	rect = (FaceRect){u16(bytes), u16(bytes + 2), u16(bytes + 4), u16(bytes + 6)};
	g_assert_cmpint(s32(bytes + 8), ==, CURSOR);
	g_assert_true(memcmp(&rect, &(FaceRect){1, 0, 2, 2}, sizeof rect) == 0);
	bytes = hear(&world, 4 * 4 + 2);
	g_assert_cmpmem(bytes, 4, "\x30\x20\x10\0", 4);
	g_assert_cmpmem(bytes + 4, 4, "\x1f\x3f\x7f\0", 4);
	g_assert_cmpuint(bytes[16], ==, 0xc0); /* the first row shows, the second does not */
	g_assert_cmpuint(bytes[17], ==, 0);
	world_close(&world);
}

static void test_leaving(void)
{
	static const gint32 wishes[] = {EXTENDED_KEYS, LED_STATE};
	World world;

	world_open(&world);
	close(world.fd);
	world.fd = -1;
	expect(&world, "closed ");
	world_close(&world);

	world_open(&world);
	say(&world, "\310", 1); /* no known message */
	expect(&world, "closed ");
	face_vnc.damage(world.face, &(FaceRect){0, 0, 1, 1});
	face_vnc.clipboard(world.face, "late");
	spin();
	world_close(&world);

	world_open(&world);
	face_vnc.close(world.face); /* no event */
	g_assert_cmpint(read(world.fd, &(char){0}, 1), ==, 0);
	g_assert_cmpstr(world.said->str, ==, "");
	world.face = NULL;
	world_close(&world);

	/* It is found out while its picture is sent. */
	world_open(&world);
	set_encodings(&world, 2, wishes);
	ask(&world, FALSE, WIDTH, HEIGHT);
	hear_rect(&world, RAW);
	expect(&world, "ready ");
	ask(&world, TRUE, WIDTH, HEIGHT);
	spin();
	g_assert_cmpint(shutdown(world.fd, SHUT_RD), ==, 0);
	face_vnc.leds(world.face, 1);
	paint(&world, &(FaceRect){0, 0, 8, 8}, 0xff);
	expect(&world, "closed ");
	world_close(&world);
}

static void test_names(void)
{
	g_assert_true(face_find("vnc") == &face_vnc);
	g_assert_null(face_find("rdp"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/face-vnc/names", test_names);
	g_test_add_func("/face-vnc/picture", test_picture);
	g_test_add_func("/face-vnc/scroll", test_scroll);
	g_test_add_func("/face-vnc/input", test_input);
	g_test_add_func("/face-vnc/keyboard", test_keyboard);
	g_test_add_func("/face-vnc/sound", test_sound);
	g_test_add_func("/face-vnc/sound-stalls", test_sound_stalls);
	g_test_add_func("/face-vnc/no-sound", test_no_sound);
	g_test_add_func("/face-vnc/size", test_size);
	g_test_add_func("/face-vnc/no-size", test_no_size);
	g_test_add_func("/face-vnc/cursor", test_cursor);
	g_test_add_func("/face-vnc/leaving", test_leaving);
	return g_test_run();
}
