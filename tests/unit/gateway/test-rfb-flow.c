/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the gateway says between a viewer with ContinuousUpdates and a desktop without. */
#include "relay/rfb_flow.h"

/* A message of the wire a line, in pieces that mean something. */
/* clang-format off */

#define MS 1000

#define MARK(serial)   "\xf8\0\0\0" "\x80\0\0\1" "\2" "o" serial
#define ANSWER(serial) "\xf8\0\0\0" "\0\0\0\1" "\2" "o" serial
#define ENABLE         "\x96\1\0\0\0\0\3\x20\2\x58"
#define DISABLE        "\x96\0\0\0\0\0\0\0\0\0"
#define ASKED          "\3\1\0\0\0\0\3\x20\2\x58"
#define FORCED         "\3\0\0\0\0\0\0\1\0\1"

static RfbFlow *flow;
static Buffer to_desktop;

static void heard(Buffer *buffer, const char *bytes, gsize n)
{
	const guint8 *got = buffer_length(buffer) > 0 ? buffer_bytes(buffer) : NULL;

	g_assert_cmpmem(got, buffer_length(buffer), bytes, n);
	buffer_clear(buffer);
}
#define SAID(text)     heard(&flow->say, text, sizeof(text) - 1)
#define REQUESTED(text) heard(&to_desktop, text, sizeof(text) - 1)

static gint64 ask(guint64 sent, gint64 now)
{
	return rfb_flow_ask(flow, sent, &to_desktop, now);
}

/* Offered, measured at 10 ms, and switched on at 100 ms. */
static void begin(void)
{
	flow = rfb_flow_new(0);
	SAID(MARK("\0") "\x96");
	rfb_flow_fence(flow, (const guint8 *)ANSWER("\0"), 10 * MS);
	rfb_flow_enable(flow, (const guint8 *)ENABLE, 100 * MS);
}

static void test_rounds(void)
{
	begin();
	g_assert_cmpint(ask(0, 100 * MS), ==, -1);
	REQUESTED(ASKED);
	g_assert_cmpint(ask(0, 110 * MS), ==, -1);
	REQUESTED("");
	g_assert_true(rfb_flow_wants_end(flow));
	rfb_flow_updated(flow, 5000, 120 * MS);
	SAID(MARK("\1"));
	g_assert_cmpint(ask(5000, 120 * MS), ==, -1);
	REQUESTED(ASKED);
	/* its own wishes: a whole picture goes on, more of the same does not */
	g_assert_false(rfb_flow_request(flow, (const guint8 *)ASKED));
	g_assert_true(rfb_flow_request(flow, (const guint8 *)FORCED));
	rfb_flow_free(flow);
}

/* An update takes the line 100 ms: the next one is asked for a frame before the line is free. */
static void test_slow(void)
{
	begin();
	ask(0, 100 * MS);
	rfb_flow_wants_end(flow);
	rfb_flow_updated(flow, 50000, 100 * MS);
	ask(50000, 101 * MS);
	rfb_flow_fence(flow, (const guint8 *)ANSWER("\1"), 210 * MS);
	rfb_flow_wants_end(flow);
	rfb_flow_updated(flow, 100000, 210 * MS);
	buffer_clear(&to_desktop);
	g_assert_cmpint(ask(100000, 210 * MS), ==, 84 * MS);
	REQUESTED("");
	g_assert_cmpint(ask(100000, 294 * MS), ==, -1);
	REQUESTED(ASKED);
	rfb_flow_free(flow);
}

/* A desktop that takes 30 ms to answer is asked as much earlier, once it has done so twice. */
static void test_lead(void)
{
	begin();
	ask(0, 100 * MS);
	rfb_flow_wants_end(flow);
	rfb_flow_updated(flow, 50000, 130 * MS);
	ask(50000, 131 * MS);
	rfb_flow_wants_end(flow);
	rfb_flow_updated(flow, 100000, 161 * MS);
	rfb_flow_fence(flow, (const guint8 *)ANSWER("\1"), 240 * MS);
	buffer_clear(&to_desktop);
	/* the line is free at 330 ms */
	g_assert_cmpint(ask(100000, 240 * MS), ==, 44 * MS);
	REQUESTED("");
	g_assert_cmpint(ask(100000, 284 * MS), ==, -1);
	REQUESTED(ASKED);
	rfb_flow_free(flow);
}

/* Switched off: what is open is waited for, then the end is told, and only then is the viewer
 * listened to again. */
static void test_end(void)
{
	begin();
	ask(0, 100 * MS);
	buffer_clear(&to_desktop);
	rfb_flow_enable(flow, (const guint8 *)DISABLE, 200 * MS);
	g_assert_true(rfb_flow_held(flow));
	g_assert_cmpint(ask(0, 200 * MS), ==, 100 * MS);
	REQUESTED("");
	g_assert_cmpint(ask(0, 300 * MS), >, 0);
	REQUESTED(FORCED);
	g_assert_cmpint(ask(0, 310 * MS), >, 0);
	REQUESTED("");
	g_assert_true(rfb_flow_wants_end(flow));
	buffer_clear(&flow->say);
	rfb_flow_updated(flow, 100, 320 * MS);
	SAID("\x96");
	g_assert_false(rfb_flow_held(flow));
	g_assert_cmpint(ask(100, 330 * MS), ==, -1);
	REQUESTED("");
	/* nothing open: at once */
	rfb_flow_enable(flow, (const guint8 *)ENABLE, 400 * MS);
	rfb_flow_enable(flow, (const guint8 *)DISABLE, 400 * MS);
	g_assert_false(rfb_flow_held(flow));
	SAID("\x96");
	rfb_flow_free(flow);
}

/* A desktop that answers nothing does not hold the viewer for ever. */
static void test_dead_end(void)
{
	begin();
	ask(0, 100 * MS);
	rfb_flow_enable(flow, (const guint8 *)DISABLE, 200 * MS);
	ask(0, 300 * MS);
	g_assert_cmpint(ask(0, 2200 * MS), ==, 0);
	g_assert_false(rfb_flow_held(flow));
	SAID("\x96");
	buffer_clear(&to_desktop);
	rfb_flow_free(flow);
}

static void test_area(void)
{
	begin();
	ask(0, 100 * MS);
	buffer_clear(&to_desktop);
	rfb_flow_enable(flow, (const guint8 *)"\x96\1\0\0\0\0\4\0\3\0", 200 * MS);
	ask(0, 200 * MS);
	REQUESTED("\3\1\0\0\0\0\4\0\3\0");
	rfb_flow_enable(flow, (const guint8 *)"\x96\1\0\0\0\0\4\0\3\0", 200 * MS);
	ask(0, 200 * MS);
	REQUESTED("");
	rfb_flow_free(flow);
}

/* The viewer's questions are answered with the flags that we know; answers to nothing are nothing. */
static void test_fences(void)
{
	flow = rfb_flow_new(0);
	buffer_clear(&flow->say);
	rfb_flow_fence(flow, (const guint8 *)"\xf8\0\0\0" "\xff\xff\xff\xff" "\3" "abc", 1);
	SAID("\xf8\0\0\0" "\0\0\0\7" "\3" "abc");
	rfb_flow_fence(flow, (const guint8 *)ANSWER("\5"), 1);
	rfb_flow_fence(flow, (const guint8 *)"\xf8\0\0\0" "\0\0\0\1" "\0", 1);
	SAID("");
	rfb_flow_free(flow);
}

/* A viewer that knows nothing of it is left alone, whatever it sends. */
static void test_none(void)
{
	flow = NULL;
	rfb_flow_fence(flow, (const guint8 *)ANSWER("\5"), 1);
	rfb_flow_enable(flow, (const guint8 *)ENABLE, 1);
	g_assert_true(rfb_flow_request(flow, (const guint8 *)ASKED));
	g_assert_false(rfb_flow_held(flow));
	g_assert_false(rfb_flow_wants_end(flow));
	g_assert_cmpint(ask(0, 2), ==, -1);
	REQUESTED("");
	rfb_flow_free(flow);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rfb-flow/rounds", test_rounds);
	g_test_add_func("/rfb-flow/slow", test_slow);
	g_test_add_func("/rfb-flow/lead", test_lead);
	g_test_add_func("/rfb-flow/end", test_end);
	g_test_add_func("/rfb-flow/dead-end", test_dead_end);
	g_test_add_func("/rfb-flow/area", test_area);
	g_test_add_func("/rfb-flow/fences", test_fences);
	g_test_add_func("/rfb-flow/none", test_none);
	return g_test_run();
}
