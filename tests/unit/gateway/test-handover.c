/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One viewer, and one desktop after the other below it. */
#include "bottleneck.h"
#include "relay/pump.h"
#include "rfb-fixture.h"

/* A message of the wire a line, in pieces that mean something. */
/* clang-format off */

#define COPY     "\0\0\0\1"
#define HEXTILE  "\0\0\0\5"
#define ZRLE     "\0\0\0\x10"
#define TIGHT    "\0\0\0\7"
#define SIZED    "\xff\xff\xff\x21"
#define LAST     "\xff\xff\xff\x20"
#define CURSOR   "\xff\xff\xff\x11"
#define NAMED    "\xff\xff\xfe\xcd"
#define EXT_SIZE "\xff\xff\xfe\xcc"
#define FLAT     "\0\0\0\0\0\0\0\0"

/* From a desktop that is connected to the relay, as session.c does. */
static void start(void)
{
	dial();
	run();
	desktop_rfb.close(&t.s);
}

/* The old desktop goes, and one of 640 x 480 comes, which may be the old one. FALSE: it may not stay. */
static gboolean next(gboolean for_good, GError **error)
{
	gboolean arrived;

	if (for_good)
		relay_rfb.release_keys(&t.s);
	relay_rfb.part(&t.s);
	peer_clear(&t.s.desktop);
	t.s.desktop.eof = FALSE;
	open_pair(&t.s.desktop, &t.desktop);
	SAY(t.desktop, V38 "\1\1" "\0\0\0\0" "\2\x80\1\xe0" FORMAT "\0\0\0\3" "NEW");
	g_assert_cmpint(desktop_rfb.dial(&t.s, NULL), ==, STEP_NEXT);
	HEAR(t.desktop, V38 "\1" "\1" "\0\0\0\0" FORMAT);
	arrived = relay_rfb.arrive(&t.s, error);
	if (arrived)
		run();
	desktop_rfb.close(&t.s);
	return arrived;
}

static gboolean change(GError **error)
{
	return next(TRUE, error);
}

#define ASK_ALL "\3\0\0\0\0\0\2\x80\1\xe0"

/* Size, name and cursor come in one update; the new desktop learns what the old one knew. */
static void test_introduces(void)
{
	g_autoptr(GError) error = NULL;
	int old;

	begin();
	start();
	SAY(t.viewer, "\2\0\0\4" TIGHT SIZED NAMED CURSOR "\4\1\0\0\0\0\0a" "\5\1\0\7\0\x08"
		"\3\1\0\0\0\0\3\x20\2\x58");
	run();
	HEAR(t.desktop, "\2\0\0\4" TIGHT SIZED NAMED CURSOR "\4\1\0\0\0\0\0a" "\5\1\0\7\0\x08"
		"\3\1\0\0\0\0\3\x20\2\x58");
	old = t.desktop;
	g_assert_true(change(&error));
	HEAR(old, "\4\0\0\0\0\0\0a" "\5\0\0\7\0\x08");
	close(old);
	HEAR(t.viewer, "\0\0\0\3" "\0\0\0\0\2\x80\1\xe0" SIZED FLAT NAMED "\0\0\0\3" "NEW" FLAT CURSOR);
	HEAR(t.desktop, "\2\0\0\4" TIGHT SIZED NAMED CURSOR ASK_ALL);
	/* and is an ordinary desktop from here on */
	SAY(t.viewer, "\5\1\0\1\0\2");
	SAY(t.desktop, "\2");
	run();
	HEAR(t.desktop, "\5\1\0\1\0\2");
	HEAR(t.viewer, "\2");
	end();
}

static void test_same_size(void)
{
	begin();
	start();
	SAY(t.desktop, "\0\0\0\1" "\0\0\0\0\2\x80\1\xe0" SIZED);
	run();
	HEAR(t.viewer, "\0\0\0\1" "\0\0\0\0\2\x80\1\xe0" SIZED);
	close(t.desktop);
	g_assert_true(change(NULL));
	HEAR(t.viewer, "");
	HEAR(t.desktop, ASK_ALL);
	end();
}

/* A desktop that is elsewhere now: its guest still has them down, and so has its person. */
static void test_keys_stay_down(void)
{
	begin();
	start();
	SAY(t.desktop, "\0\0\0\1" "\0\0\0\0\2\x80\1\xe0" SIZED);
	SAY(t.viewer, "\2\0\0\1" SIZED "\4\1\0\0\0\0\0a" "\5\1\0\7\0\x08");
	run();
	close(t.desktop);
	g_assert_true(next(FALSE, NULL));
	HEAR(t.desktop, "\2\0\0\1" SIZED ASK_ALL "\4\1\0\0\0\0\0a" "\5\1\0\7\0\x08");
	SAY(t.viewer, "\4\0\0\0\0\0\0a");
	run();
	HEAR(t.desktop, "\4\0\0\0\0\0\0a");

	/* not on one that is another */
	close(t.desktop);
	g_assert_true(change(NULL));
	HEAR(t.desktop, "\2\0\0\1" SIZED ASK_ALL);
	end();
}

/* The way back was in vain: what was half dialled is no desktop yet, and hears nothing of them. */
static void test_keys_not_into_a_handshake(void)
{
	begin();
	start();
	SAY(t.viewer, "\2\0\0\1" SIZED "\4\1\0\0\0\0\0a" "\5\1\0\7\0\x08");
	run();
	close(t.desktop);
	relay_rfb.part(&t.s);
	peer_clear(&t.s.desktop);
	open_pair(&t.s.desktop, &t.desktop);
	SAY(t.desktop, V38);
	g_assert_cmpint(desktop_rfb.dial(&t.s, NULL), ==, STEP_WAIT);
	relay_rfb.release_keys(&t.s);
	HEAR(t.desktop, V38);
	desktop_rfb.close(&t.s);

	/* Nor does the next one, which is another. */
	close(t.desktop);
	g_assert_true(next(FALSE, NULL));
	HEAR(t.desktop, "\2\0\0\1" SIZED ASK_ALL);
	end();
}

static void test_viewer_of_one_size(void)
{
	g_autoptr(GError) error = NULL;

	begin();
	start();
	close(t.desktop);
	g_assert_false(change(&error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	end();
}

/* 4 tiles of 16 x 16, of which one has come, and a rectangle that has not begun. */
#define TILED "\0\0\0\2" "\0\0\0\0\0\x20\0\x20" HEXTILE "\2rgb0"

static void test_ends_open_update(void)
{
	begin();
	start();
	SAY(t.viewer, "\2\0\0\3" HEXTILE COPY SIZED);
	SAY(t.desktop, TILED);
	run();
	HEAR(t.viewer, TILED);
	close(t.desktop);
	g_assert_true(change(NULL));
	HEAR(t.viewer, "\2\0\0\0\0" "\0" "\0" "\0\0\0\0\0\1\0\1" COPY "\0\0\0\0"
		"\0\0\0\1" "\0\0\0\0\2\x80\1\xe0" SIZED);
	end();
}

static void test_ends_endless_update(void)
{
	begin();
	start();
	SAY(t.viewer, "\2\0\0\3" HEXTILE LAST SIZED);
	SAY(t.desktop, "\0\0\xff\xff" "\0\0\0\0\0\1\0\1" "\0\0\0\0" "1234");
	run();
	HEAR(t.viewer, "\0\0\xff\xff" "\0\0\0\0\0\1\0\1" "\0\0\0\0" "1234");
	close(t.desktop);
	g_assert_true(change(NULL));
	HEAR(t.viewer, FLAT LAST "\0\0\0\1" "\0\0\0\0\2\x80\1\xe0" SIZED);
	end();
}

/* What would be too much to end is not begun: a desktop says how large its rectangle is. */
static void test_too_large_to_end(void)
{
	static const char *const begun[] = {
		"\0\0\0\1" "\0\0\0\0\xff\xff\xff\xff" "\0\0\0\0" "1234",
		"\0\0\0\1" "\0\0\0\0\x10\1\x10\0" "\0\0\0\0" "1234",
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(begun); i++) {
		begin();
		start();
		say(t.desktop, begun[i], 20);
		run();
		hear(t.viewer, begun[i], 20);
		g_assert_false(relay_rfb.part(&t.s));
		/* Nor is anything lost: it could go on. */
		SAY(t.desktop, "5678");
		run();
		HEAR(t.viewer, "5678");
		end();
	}
}

/* The end of a large rectangle leaves in turns, however much the viewer's line takes. */
static void test_ends_in_turns(void)
{
	static const char begun[] = "\0\0\0\1" "\0\0\0\0\4\0\4\0" "\0\0\0\0" "1234";
	const gsize due = 1024 * 1024 * 4 - 4;
	Bottleneck line;

	begin();
	start();
	bottleneck_init(&line, &t.s.client);
	SAY(t.viewer, "\2\0\0\1" SIZED);
	say(t.desktop, begun, sizeof begun - 1);
	run();
	HEAR(t.viewer, begun);
	line.swallows = TRUE;
	close(t.desktop);
	for (gsize left = due, before = t.s.client.bytes_out; left > 0;) {
		gsize took;

		if (left == due)
			g_assert_true(change(NULL));
		else
			run();
		took = t.s.client.bytes_out - before;
		g_assert_cmpuint(took, >, 0);
		g_assert_cmpuint(took, <=, PUMP_BURST);
		before += took;
		left -= MIN(left, took);
		g_assert_true(left == 0 || t.wakes > 0);
		t.wakes = 0;
	}
	end();
	bottleneck_clear(&line);
}

/* 4096 x 4096 tiles of which none but the first has come: the most that there can be. */
static void test_ends_many_tiles(void)
{
	static const char tiled[] = "\0\0\0\1" "\0\0\0\0\xff\xff\xff\xff" HEXTILE "\2rgb0";
	const gsize due = 4096 * 4096 - 1;

	begin();
	start();
	SAY(t.desktop, tiled);
	run();
	HEAR(t.viewer, tiled);
	g_assert_true(relay_rfb.part(&t.s));
	g_assert_cmpuint(buffer_length(&t.s.client.out), ==, due + 4);
	g_assert_cmpint(buffer_bytes(&t.s.client.out)[0], ==, 2);
	end();
}

/* Half a compressed rectangle never reached the viewer; nor does it now. */
static void test_forgets_half_a_rectangle(void)
{
	begin();
	start();
	SAY(t.viewer, "\2\0\0\3" ZRLE COPY SIZED);
	SAY(t.desktop, "\0\0\0\1" "\0\0\0\0\0\1\0\1" ZRLE "\0\0\0\x40" "\x78\x9c" "abc");
	run();
	HEAR(t.viewer, "\0\0\0\1");
	close(t.desktop);
	g_assert_true(change(NULL));
	HEAR(t.viewer, "\0\0\0\0\0\1\0\1" COPY "\0\0\0\0" "\0\0\0\1" "\0\0\0\0\2\x80\1\xe0" SIZED);
	end();
}

/* A stream that the viewer knows goes on without a second beginning; one that is new begins. */
static void test_streams_go_on(void)
{
	begin();
	start();
	SAY(t.viewer, "\2\0\0\3" ZRLE TIGHT SIZED);
	SAY(t.desktop, "\0\0\0\1" "\0\0\0\0\0\1\0\1" ZRLE "\0\0\0\3" "\x78\x9cX");
	run();
	HEAR(t.viewer, "\0\0\0\1" "\0\0\0\0\0\1\0\1" ZRLE "\0\0\0\3" "\x78\x9cX");
	close(t.desktop);
	g_assert_true(change(NULL));
	HEAR(t.viewer, "\0\0\0\1" "\0\0\0\0\2\x80\1\xe0" SIZED);
	SAY(t.desktop, "\0\0\0\3" "\0\0\0\0\0\1\0\1" ZRLE "\0\0\0\3" "\x78\x5eY"
		"\0\0\0\0\0\1\0\1" ZRLE "\0\0\0\2" "\x78\x5e"
		"\0\0\0\0\0\4\0\4" TIGHT "\x10" "\3" "\x78\xdaZ");
	run();
	HEAR(t.viewer, "\0\0\0\3" "\0\0\0\0\0\1\0\1" ZRLE "\0\0\0\1" "Y"
		"\0\0\0\0\0\1\0\1" ZRLE "\0\0\0\2" "\x78\x5e"
		"\0\0\0\0\0\4\0\4" TIGHT "\x10" "\3" "\x78\xdaZ");
	end();
}

/* What the gateway itself has begun to say is said to its end before anything of the next desktop. */
static void test_ends_own_words(void)
{
	Bottleneck line;

	begin();
	start();
	SAY(t.viewer, "\2\0\0\3" "\xff\xff\xfe\xc8" "\xff\xff\xfe\xc7" SIZED);
	run();
	HEAR(t.viewer, "\xf8\0\0\0" "\x80\0\0\1" "\2" "o\0" "\x96");
	bottleneck_init(&line, &t.s.client);
	line.room = 7;
	SAY(t.viewer, "\xf8\0\0\0" "\x80\0\0\1" "\3" "abc");
	run();
	HEAR(t.viewer, "\xf8\0\0\0" "\0\0\0");
	close(t.desktop);
	line.room = G_MAXSIZE;
	g_assert_true(change(NULL));
	run();
	HEAR(t.viewer, "\1" "\3" "abc" "\0\0\0\1" "\0\0\0\0\2\x80\1\xe0" SIZED);
	end();
	bottleneck_clear(&line);
}

/* What only a desktop that has announced it may hear is repeated when it has. */
static void test_repeats_wishes(void)
{
#define WISH "\xfb\0\4\0\3\0\1\0" "\0\0\0\1\0\0\0\0\4\0\3\0\0\0\0\0"
	begin();
	start();
	SAY(t.viewer, "\2\0\0\2" SIZED EXT_SIZE WISH);
	run();
	HEAR(t.desktop, "\2\0\0\2" SIZED EXT_SIZE);
	close(t.desktop);
	g_assert_true(change(NULL));
	HEAR(t.desktop, "\2\0\0\2" SIZED EXT_SIZE ASK_ALL);
	SAY(t.desktop, "\0\0\0\1" "\0\0\0\0\2\x80\1\xe0" EXT_SIZE "\0\0\0\0");
	run();
	HEAR(t.desktop, WISH);
	run();
	HEAR(t.desktop, "");
	end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/handover/introduces", test_introduces);
	g_test_add_func("/handover/same-size", test_same_size);
	g_test_add_func("/handover/keys-stay-down", test_keys_stay_down);
	g_test_add_func("/handover/keys-not-into-a-handshake", test_keys_not_into_a_handshake);
	g_test_add_func("/handover/viewer-of-one-size", test_viewer_of_one_size);
	g_test_add_func("/handover/ends-open-update", test_ends_open_update);
	g_test_add_func("/handover/ends-endless-update", test_ends_endless_update);
	g_test_add_func("/handover/too-large-to-end", test_too_large_to_end);
	g_test_add_func("/handover/ends-in-turns", test_ends_in_turns);
	g_test_add_func("/handover/ends-many-tiles", test_ends_many_tiles);
	g_test_add_func("/handover/forgets-half-a-rectangle", test_forgets_half_a_rectangle);
	g_test_add_func("/handover/streams-go-on", test_streams_go_on);
	g_test_add_func("/handover/repeats-wishes", test_repeats_wishes);
	g_test_add_func("/handover/ends-own-words", test_ends_own_words);
	return g_test_run();
}
