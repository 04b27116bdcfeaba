/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another desktop below the same SPICE viewer: what each channel's viewer and both
 * desktops hear. */
#include "relay/spice_swap.h"
#include "spice-fixture.h"

static void message(End *far, guint16 type, const void *body, guint32 n)
{
	buffer_append_u16le(&far->out, type);
	buffer_append_u32le(&far->out, n);
	buffer_append(&far->out, body, n);
}

/* One message, alone in its write. */
static void hears(End *far, guint16 type, const void *body, guint32 n)
{
	Buffer expected = {0};

	buffer_append_u16le(&expected, type);
	buffer_append_u32le(&expected, n);
	buffer_append(&expected, body, n);
	hear(far, buffer_bytes(&expected), buffer_length(&expected));
	buffer_clear(&expected);
}

static void run(void)
{
	exchange(&t.viewer);
	exchange(&t.desktop);
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
}

/* What has come so far is of no interest. */
static void forget(void)
{
	exchange(&t.viewer);
	exchange(&t.desktop);
	buffer_clear(&t.viewer.in);
	buffer_clear(&t.desktop.in);
}

static const guint8 init_body[32] = {4, 3, 2, 1, 1, 0, 0, 0, 3, 0, 0, 0, 2, 0,
				     0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 1, 2, 3, 4};
static const guint8 display_body[14] = {1, [9] = 1};

/* Links the channel to a desktop, with what that says first. */
static void dial(guint8 type)
{
	g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_WAIT);
	g_assert_true(t.accepted);
	if (type == SPICE_CHANNEL_MAIN)
		message(&t.desktop, SPICE_MAIN_INIT, init_body, sizeof init_body);
	if (type == SPICE_CHANNEL_DISPLAY)
		message(&t.desktop, 314, "\0\0\0\0surface's rest..", 20);
	exchange(&t.desktop);
	g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_NEXT);
}

static void dial_others(void)
{
	g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_NEXT);
	g_assert_true(t.accepted);
}

/* Up to the relay of this channel. */
static void relay(guint8 type)
{
	gboolean others = type != SPICE_CHANNEL_MAIN && type != SPICE_CHANNEL_DISPLAY;

	view(type, type == SPICE_CHANNEL_MAIN ? 0 : 77, "tick");
	t.s.backend_id = type == SPICE_CHANNEL_MAIN ? 0 : BACKEND_ID;
	if (type != SPICE_CHANNEL_MAIN)
		t.s.endpoint.protocol = NULL;
	g_assert_cmpint(drive(front_spice.greet, NULL), ==, STEP_NEXT);
	t.s.ask.kind = type == SPICE_CHANNEL_MAIN ? ASK_TICKET : ASK_JOIN;
	if (type == SPICE_CHANNEL_DISPLAY) {
		g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_WAIT);
		message(&t.viewer, SPICE_DISPLAY_INIT, display_body, sizeof display_body);
		exchange(&t.viewer);
	}
	if (others)
		dial_others();
	else
		dial(type);
	g_assert_cmpint(drive(front_spice.welcome, NULL), ==, STEP_NEXT);
	far_ends();
	run();
	front_spice.close(&t.s);
	desktop_spice.close(&t.s);
	forget();
}

static void leave_desktop(void)
{
	hang_up(&t.desktop);
	g_assert_true(relay_spice.part(&t.s));
	peer_clear(&t.s.desktop);
	t.s.desktop.eof = FALSE;
	buffer_clear(&t.desktop.in);
	buffer_clear(&t.desktop.out);
	spice_link_server_free(t.server);
	t.server = spice_link_server_new(FALSE);
	t.accepted = FALSE;
	open_pair(&t.s.desktop, &t.desktop);
	if (t.s.ask.kind == ASK_JOIN)
		t.s.endpoint.protocol = NULL;
	t.s.backend_id = t.s.ask.kind == ASK_JOIN ? 0x55 : 0;
}

static void arrive(guint8 type)
{
	if (type == SPICE_CHANNEL_MAIN || type == SPICE_CHANNEL_DISPLAY)
		dial(type);
	else
		dial_others();
	g_assert_true(relay_spice.arrive(&t.s, NULL));
	desktop_spice.close(&t.s);
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
}

static void test_main(void)
{
	relay(SPICE_CHANNEL_MAIN);
	message(&t.desktop, SPICE_MAIN_CHANNELS_LIST, "\3\0\0\0\2\0\3\0\x9\0", 10);
	run();
	hears(&t.viewer, SPICE_MAIN_CHANNELS_LIST, "\3\0\0\0\2\0\3\0\x9\0", 10);
	/* The old desktop hears the start of a word. */
	message(&t.viewer, 107, "agent's word", 12);
	t.viewer.out.end -= 4;
	run();
	hear(&t.desktop, "\x6b\0\xc\0\0\0agent's ", 14);

	leave_desktop();
	arrive(SPICE_CHANNEL_MAIN);
	g_assert_cmpuint(spice_link_server_mess(t.server)->connection_id, ==, 0);
	g_assert_cmphex(t.told_backend_id, ==, BACKEND_ID);
	hears(&t.viewer, 108, "\0\0\0\0", 4);
	hears(&t.viewer, 106, "\1\2\3\4", 4);
	hears(&t.viewer, 105, "\3\0\2\0", 4);
	hears(&t.viewer, 115, "\x9\0\0\0", 4);
	hear(&t.viewer, NULL, 0);
	hears(&t.desktop, 104, NULL, 0);

	/* The rest of the word, and words of before the agent was started anew, go nowhere. */
	say(&t.viewer, "word", 4);
	message(&t.viewer, 108, "\1\0\0\0", 4);
	run();
	hear(&t.desktop, NULL, 0);
	message(&t.viewer, 3, "pong", 4);
	message(&t.viewer, 107, "old", 3);
	message(&t.viewer, 106, "\xa\0\0\0", 4);
	message(&t.viewer, 107, "new", 3);
	run();
	hear(&t.desktop, "\3\0\4\0\0\0pong\x6a\0\4\0\0\0\xa\0\0\0\x6b\0\3\0\0\0new", 29);

	/* It has display and inputs; its USB channel was closed. */
	message(&t.desktop, SPICE_MAIN_CHANNELS_LIST, "\4\0\0\0\2\0\3\0\5\0\x9\0", 12);
	message(&t.desktop, SPICE_MAIN_CHANNELS_LIST, "\1\0\0\0\5\0", 6);
	message(&t.desktop, 4, "ping", 4);
	run();
	hears(&t.viewer, SPICE_MAIN_CHANNELS_LIST, "\2\0\0\0\5\0\x9\0", 8);
	hears(&t.viewer, 4, "ping", 4);
	hear(&t.viewer, NULL, 0);
	end();
}

/* What the viewer's line had no room for when it came is no other message when it has. */
static void test_full_line(void)
{
	relay(SPICE_CHANNEL_MAIN);
	t.line.room = 0;
	message(&t.desktop, SPICE_MAIN_CHANNELS_LIST, "\2\0\0\0\2\0\3\0", 8);
	run();
	run();
	hear(&t.viewer, NULL, 0);
	t.line.room = G_MAXSIZE;
	run();
	hears(&t.viewer, SPICE_MAIN_CHANNELS_LIST, "\2\0\0\0\2\0\3\0", 8);
	end();
}

/* What the desktop said, and no room in the viewer's line was for before it went: the viewer has
 * not made that surface, and has yet to hear of those channels. */
static void test_gone_behind_a_full_line(void)
{
	relay(SPICE_CHANNEL_DISPLAY);
	t.line.room = 0;
	message(&t.desktop, 314, "\5\0\0\0surface's rest..", 20);
	run();
	leave_desktop();
	t.line.room = G_MAXSIZE;
	arrive(SPICE_CHANNEL_DISPLAY);
	hears(&t.viewer, 126, NULL, 0);
	hears(&t.viewer, 315, "\0\0\0\0", 4);
	hears(&t.viewer, 106, "\0", 1);
	end();

	relay(SPICE_CHANNEL_DISPLAY);
	t.line.room = 0;
	message(&t.desktop, 315, "\0\0\0\0", 4);
	run();
	leave_desktop();
	t.line.room = G_MAXSIZE;
	arrive(SPICE_CHANNEL_DISPLAY);
	hears(&t.viewer, 126, NULL, 0);
	hears(&t.viewer, 315, "\0\0\0\0", 4);
	end();

	relay(SPICE_CHANNEL_MAIN);
	t.line.room = 0;
	message(&t.desktop, SPICE_MAIN_CHANNELS_LIST, "\2\0\0\0\2\0\3\0", 8);
	run();
	leave_desktop();
	t.line.room = G_MAXSIZE;
	arrive(SPICE_CHANNEL_MAIN);
	hears(&t.viewer, SPICE_MAIN_CHANNELS_LIST, "\2\0\0\0\2\0\3\0", 8);
	end();
}

/* The window has the name that people know, also of the next desktop; else the desktop's own. */
static void test_name(void)
{
	static const guint8 vm[] = {5, 0, 0, 0, 'v', 'm', '-', '7', 0};

	relay(SPICE_CHANNEL_MAIN);
	message(&t.desktop, 113, vm, sizeof vm);
	run();
	hears(&t.viewer, 113, vm, sizeof vm);
	t.s.desktop_name = (char *)"b\303\274ro-1";
	message(&t.desktop, 113, vm, sizeof vm);
	message(&t.desktop, 4, "ping", 4);
	t.desktop.out.end -= 13; /* cut in the middle of its name */
	run();
	hears(&t.viewer, 113, "\10\0\0\0b\303\274ro-1", 12);
	say(&t.desktop, vm + 6, 3);
	message(&t.desktop, 4, "ping", 4);
	run();
	hears(&t.viewer, 4, "ping", 4);

	leave_desktop();
	t.s.desktop_name = (char *)"lab-2";
	arrive(SPICE_CHANNEL_MAIN);
	forget();
	message(&t.desktop, 113, vm, sizeof vm);
	run();
	hears(&t.viewer, 113, "\6\0\0\0lab-2", 10);
	hear(&t.viewer, NULL, 0);
	t.s.desktop_name = NULL;
	end();
}

/* Main's viewer is told to come again, but not in the middle of the desktop's message. */
static void test_send_away(void)
{
	static const guint8 name[] = {113, 0, 4, 0, 0, 0, 'n', 'a', 'm', 'e'};
	static const guint8 away[] = {0, 0, 0x28, 0x23, 5, 0, 0, 0,   20,  0,   0,   0, 0,
				      0, 0, 0,    0,    0, 0, 0, 'h', 'o', 's', 't', 0};

	relay(SPICE_CHANNEL_MAIN);
	buffer_append(&t.desktop.out, name, 8);
	run();
	hear(&t.viewer, name, 8);
	g_assert_true(spice_swap_send_away(t.s.relaying, "host", 9000));
	run();
	hear(&t.viewer, NULL, 0);
	buffer_append(&t.desktop.out, name + 8, 2);
	run();
	hear(&t.viewer, name + 8, 2);
	hears(&t.viewer, 111, away, sizeof away);
	end();
	relay(SPICE_CHANNEL_INPUTS);
	g_assert_false(spice_swap_send_away(t.s.relaying, "host", 9000));
	end();
}

static void test_bad_list(void)
{
	g_autoptr(GError) error = NULL;

	relay(SPICE_CHANNEL_MAIN);
	message(&t.desktop, SPICE_MAIN_CHANNELS_LIST, "\4\0\0\0\2\0\3\0", 8);
	exchange(&t.desktop);
	g_assert_cmpint(relay_spice.run(&t.s, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	end();
}

/* Lists without end, of channels that are told of each time, take no memory. */
static void test_endless_lists(void)
{
	guint8 list[4 + 500] = {250};
	const SpiceRelay *relay_of;

	for (unsigned i = 0; i < 250; i++) {
		list[4 + 2 * i] = i % 2 ? SPICE_CHANNEL_USBREDIR : 200;
		list[5 + 2 * i] = (guint8)i;
	}
	relay(SPICE_CHANNEL_MAIN);
	relay_of = t.s.relaying;
	for (unsigned i = 0; i < 100; i++) {
		message(&t.desktop, SPICE_MAIN_CHANNELS_LIST, list, sizeof list);
		run();
		hears(&t.viewer, SPICE_MAIN_CHANNELS_LIST, list, sizeof list);
	}
	g_assert_true(relay_of->listed == NULL || relay_of->listed->len < 1024);
	end();
}

/* From the highest to the primary one; more than a card has are not taken. */
static void test_many_surfaces(void)
{
	g_autoptr(GError) error = NULL;
	const guint8 highest[4] = {0xff, 0x3f}, beyond[4] = {0, 0x40};

	relay(SPICE_CHANNEL_DISPLAY);
	message(&t.desktop, 315, "\xff\xff\xff\xff", 4); /* which is not there */
	message(&t.desktop, 314, highest, 4);
	message(&t.desktop, 314, "\x10\0\0\0", 4);
	message(&t.desktop, 315, "\x10\0\0\0", 4);
	run();
	forget();
	leave_desktop();
	arrive(SPICE_CHANNEL_DISPLAY);
	hears(&t.viewer, 126, NULL, 0);
	hears(&t.viewer, 315, highest, 4);
	hears(&t.viewer, 315, "\0\0\0\0", 4);
	end();

	relay(SPICE_CHANNEL_DISPLAY);
	message(&t.desktop, 314, beyond, 4);
	exchange(&t.desktop);
	g_assert_cmpint(relay_spice.run(&t.s, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	end();
}

/* Dies in the middle of a picture. */
static void test_display(void)
{
	static const guint8 zeros[8];

	relay(SPICE_CHANNEL_DISPLAY);
	message(&t.desktop, 314, "\5\0\0\0surface's rest..", 20);
	message(&t.desktop, 314, "\6\0\0\0surface's rest..", 20);
	message(&t.desktop, 315, "\5\0\0\0", 4);
	message(&t.desktop, 304, "picture.", 8);
	t.desktop.out.end -= 6;
	run();
	forget();

	leave_desktop();
	arrive(SPICE_CHANNEL_DISPLAY);
	g_assert_cmpuint(spice_link_server_mess(t.server)->connection_id, ==, 0x55);
	/* INIT again, and without the dictionary. */
	g_assert_cmpuint(buffer_length(&t.desktop.in), ==, 20 + 7);
	g_assert_cmpmem(buffer_bytes(&t.desktop.in) + 6, 14, display_body, sizeof display_body);
	g_assert_cmpmem(buffer_bytes(&t.desktop.in) + 20, 7, "\x67\0\1\0\0\0\3", 7);
	hear(&t.viewer, zeros, 6);
	hears(&t.viewer, 126, NULL, 0);
	hears(&t.viewer, 315, "\6\0\0\0", 4);
	hears(&t.viewer, 315, "\0\0\0\0", 4);
	hears(&t.viewer, 106, zeros, 1);
	hears(&t.viewer, 108, NULL, 0);
	hears(&t.viewer, 314, "\0\0\0\0surface's rest..", 20);
	hear(&t.viewer, NULL, 0);
	end();
}

/* The same in the longest message that there may be, to a viewer that takes whatever comes: others
 * are served meanwhile. */
static void test_long_end(void)
{
	static const guint8 start[] = {0x30, 1, 0, 0, 0, 4, 'p'}; /* 64 MiB */
	gsize due = 64 * 1024 * 1024 - 1;
	unsigned wakes;

	relay(SPICE_CHANNEL_DISPLAY);
	say(&t.desktop, start, sizeof start);
	run();
	forget();
	leave_desktop();
	t.line.swallows = TRUE;
	arrive(SPICE_CHANNEL_DISPLAY);
	while (due > 0) {
		g_assert_cmpuint(t.line.writes->len, >, 0);
		g_assert_cmpuint(t.line.writes->len, <=, 256);
		for (guint i = 0; i < t.line.writes->len && due > 0; i++) {
			g_assert_cmpuint(g_array_index(t.line.writes, gsize, i), <=, due);
			due -= g_array_index(t.line.writes, gsize, i);
		}
		g_array_set_size(t.line.writes, 0);
		wakes = t.wakes;
		g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
		g_assert_true(due == 0 || t.wakes > wakes); /* comes again at once */
	}
	end();
}

static void test_inputs(void)
{
	relay(SPICE_CHANNEL_INPUTS);
	for (unsigned i = 0; i < 11; i++)
		message(&t.viewer, 111 + i % 2, "motion..", 8);
	message(&t.viewer, 101, "\1\0\0\0", 4);
	message(&t.desktop, 111, NULL, 0);
	run();
	run();
	forget(); /* 7 of 11 are unacknowledged */
	leave_desktop();
	arrive(SPICE_CHANNEL_INPUTS);
	hears(&t.viewer, 111, NULL, 0);
	hear(&t.viewer, NULL, 0);

	/* No viewer says so many unheard, and none is answered for all of them. */
	for (unsigned i = 0; i < 1000; i++)
		message(&t.viewer, 111, NULL, 0);
	run();
	run();
	forget();
	leave_desktop();
	arrive(SPICE_CHANNEL_INPUTS);
	for (unsigned i = 0; i < 64; i++)
		hears(&t.viewer, 111, NULL, 0);
	hear(&t.viewer, NULL, 0);
	end();
}

static void strike(guint8 key)
{
	message(&t.viewer, 101, (guint8[]){key, 0, 0, 0}, 4);
}

/* Exactly these strokes have come to the desktop. */
static void hears_strokes(guint8 from, guint8 n)
{
	Buffer expected = {0};

	for (guint8 key = from; key < from + n; key++) {
		buffer_append_u16le(&expected, 101);
		buffer_append_u32le(&expected, 4);
		buffer_append_u32le(&expected, key);
	}
	hear(&t.desktop, buffer_bytes(&expected), buffer_length(&expected));
	buffer_clear(&expected);
}

static void later(guint ms)
{
	t.now += ms;
	t.wakes = 0;
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
}

/* A keyboard has room for a few keys. What is more comes as it reads them, in order with the rest,
 * also to the next desktop; and a few are at once again when it has read them all. */
static void test_keys(void)
{
	relay(SPICE_CHANNEL_INPUTS);
	for (guint8 key = 1; key <= 6; key++)
		strike(key);
	message(&t.viewer, 113, "click.", 6);
	strike(7);
	exchange(&t.viewer);
	later(0);
	hears_strokes(1, 4);
	g_assert_cmpuint(t.wakes, >, 0);
	later(9);
	hear(&t.desktop, NULL, 0);
	later(1);
	hears_strokes(5, 1);

	leave_desktop();
	t.now += 10;
	arrive(SPICE_CHANNEL_INPUTS);
	hear(&t.desktop, "\x65\0\4\0\0\0\6\0\0\0\x71\0\6\0\0\0click.", 22);
	later(10);
	hears_strokes(7, 1);
	for (guint8 key = 8; key <= 12; key++)
		strike(key);
	exchange(&t.viewer);
	later(40);
	hears_strokes(8, 4);
	later(10);
	hears_strokes(12, 1);
	end();
}

static void test_others(void)
{
	static const struct {
		guint8 type;
		guint16 told;
	} rows[] = {{SPICE_CHANNEL_CURSOR, 102},
		    {SPICE_CHANNEL_PLAYBACK, 104},
		    {SPICE_CHANNEL_RECORD, 102}};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		relay(rows[i].type);
		leave_desktop();
		arrive(rows[i].type);
		hears(&t.viewer, rows[i].told, NULL, 0);
		end();
	}
	relay(SPICE_CHANNEL_USBREDIR);
	g_assert_false(relay_spice.part(&t.s));
	end();
}

/* What it lacks is another thing than what it refuses. */
static void test_no_such_channel(void)
{
	g_autoptr(GError) error = NULL;

	relay(SPICE_CHANNEL_PLAYBACK);
	leave_desktop();
	desktop_spice.dial(&t.s, NULL);
	desktop_spice.dial(&t.s, NULL);
	spice_link_append_error(&t.desktop.out, SPICE_LINK_CHANNEL_NOT_AVAILABLE);
	exchange(&t.desktop);
	t.accepted = TRUE; /* it says no more */
	g_assert_cmpint(drive(desktop_spice.dial, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_assert_true(t.s.no_channel);
	end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spice-swap/main", test_main);
	g_test_add_func("/spice-swap/full-line", test_full_line);
	g_test_add_func("/spice-swap/gone-behind-a-full-line", test_gone_behind_a_full_line);
	g_test_add_func("/spice-swap/name", test_name);
	g_test_add_func("/spice-swap/send-away", test_send_away);
	g_test_add_func("/spice-swap/bad-list", test_bad_list);
	g_test_add_func("/spice-swap/endless-lists", test_endless_lists);
	g_test_add_func("/spice-swap/many-surfaces", test_many_surfaces);
	g_test_add_func("/spice-swap/display", test_display);
	g_test_add_func("/spice-swap/long-end", test_long_end);
	g_test_add_func("/spice-swap/inputs", test_inputs);
	g_test_add_func("/spice-swap/keys", test_keys);
	g_test_add_func("/spice-swap/others", test_others);
	g_test_add_func("/spice-swap/no-such-channel", test_no_such_channel);
	return g_test_run();
}
