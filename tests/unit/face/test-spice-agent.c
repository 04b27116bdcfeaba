/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The agent's stub against messages built by hand, whole, byte by byte and in pieces. */
#include "face.h"
#include "spice_agent.h"

#include <string.h>

#include <spice/vd_agent.h>

static void on_clipboard(gpointer owner, const char *text)
{
	g_string_append_printf(owner, "[%s]", text);
}

static void append(GByteArray *to, const guint32 *words, gsize n)
{
	g_byte_array_append(to, (const guint8 *)words, (guint)(n * sizeof *words));
}

/* Little endian, as this machine is. In pieces of at most `piece` bytes. */
static void message(GByteArray *to, guint32 type, const void *data, guint32 n, guint32 piece)
{
	g_autoptr(GByteArray) whole = g_byte_array_new();

	append(whole, (const guint32[]){VD_AGENT_PROTOCOL, type, 0, 0, n}, 5);
	g_byte_array_append(whole, data, n);
	for (guint at = 0; at < whole->len; at += piece) {
		guint32 size = MIN(piece, whole->len - at);

		append(to, (const guint32[]){VDP_CLIENT_PORT, size}, 2);
		g_byte_array_append(to, whole->data + at, size);
	}
}

/* All that it has to say, taken in small bites. */
static GByteArray *said(SpiceAgent *agent)
{
	GByteArray *all = g_byte_array_new();
	guint8 bite[7];
	gsize n;

	while ((n = spice_agent_give(agent, bite, sizeof bite)) > 0)
		g_byte_array_append(all, bite, (guint)n);
	return all;
}

static void expect_said(SpiceAgent *agent, const GByteArray *expected)
{
	g_autoptr(GByteArray) was = said(agent);

	g_assert_cmpmem(was->data, was->len, expected->data, expected->len);
}

static void test_conversation(void)
{
	static const guint32 announce[] = {1, 0xffff},
			     grab[] = {VD_AGENT_CLIPBOARD_IMAGE_PNG, VD_AGENT_CLIPBOARD_UTF8_TEXT};
	static const char text[] = "\1\0\0\0gr\303\274n";
	g_autoptr(GString) heard = g_string_new(NULL);
	g_autoptr(GByteArray) in = g_byte_array_new(), out = g_byte_array_new();
	const guint32 can = 1u << VD_AGENT_CAP_MONITORS_CONFIG | 1u << VD_AGENT_CAP_REPLY |
			    1u << VD_AGENT_CAP_CLIPBOARD_BY_DEMAND |
			    1u << VD_AGENT_CAP_SPARSE_MONITORS_CONFIG |
			    1u << VD_AGENT_CAP_FILE_XFER_DISABLED;

	message(in, VD_AGENT_ANNOUNCE_CAPABILITIES, announce, sizeof announce, 2048);
	message(in, VD_AGENT_FILE_XFER_DATA, text, 4, 2048);
	message(in, VD_AGENT_CLIPBOARD_GRAB, grab, sizeof grab, 3);
	message(in, VD_AGENT_CLIPBOARD, text, sizeof text - 1, 5);
	message(out, VD_AGENT_ANNOUNCE_CAPABILITIES, (const guint32[]){0, can}, 8, 2048);
	message(out, VD_AGENT_CLIPBOARD_REQUEST, (const guint32[]){VD_AGENT_CLIPBOARD_UTF8_TEXT}, 4,
		2048);
	for (gsize step = 1; step <= in->len; step += step < 40 ? 1 : in->len) {
		SpiceAgent *agent = spice_agent_new(on_clipboard, heard);

		g_string_truncate(heard, 0);
		for (gsize at = 0; at < in->len; at += step)
			spice_agent_take(agent, in->data + at, MIN(step, in->len - at));
		g_assert_cmpstr(heard->str, ==, "[gr\303\274n]");
		expect_said(agent, out);
		spice_agent_free(agent);
	}
}

static void test_offer(void)
{
	g_autofree char *lng = g_strnfill(5000, 'x');
	g_autofree char *data = g_strconcat("....", lng, NULL);
	g_autoptr(GByteArray) in = g_byte_array_new(), out = g_byte_array_new();
	SpiceAgent *agent = spice_agent_new(on_clipboard, NULL);
	guint32 type = VD_AGENT_CLIPBOARD_UTF8_TEXT;

	memcpy(data, &type, 4);
	spice_agent_offer(agent, lng);
	message(in, VD_AGENT_CLIPBOARD_REQUEST, &type, 4, 2048);
	spice_agent_take(agent, in->data, in->len);
	message(out, VD_AGENT_CLIPBOARD_GRAB, &type, 4, 2048);
	message(out, VD_AGENT_CLIPBOARD, data, 5004, 2048);
	expect_said(agent, out);
	spice_agent_free(agent);
}

/* It costs a few texts at most; and when it has taken them, it is answered again. */
static void test_asks_and_takes_nothing(void)
{
	g_autofree char *text = g_strnfill(FACE_MAX_TEXT, 'x');
	g_autofree guint8 *all = g_malloc(8 * FACE_MAX_TEXT);
	g_autoptr(GByteArray) in = g_byte_array_new();
	SpiceAgent *agent = spice_agent_new(on_clipboard, NULL);
	guint32 type = VD_AGENT_CLIPBOARD_UTF8_TEXT;
	gsize n;

	spice_agent_offer(agent, text);
	message(in, VD_AGENT_CLIPBOARD_REQUEST, &type, 4, 2048);
	for (int i = 0; i < 20; i++)
		spice_agent_take(agent, in->data, in->len);
	n = spice_agent_give(agent, all, 8 * FACE_MAX_TEXT);
	g_assert_cmpuint(n, >, 2 * FACE_MAX_TEXT);
	g_assert_cmpuint(n, <, 4 * FACE_MAX_TEXT);
	spice_agent_take(agent, in->data, in->len);
	n = spice_agent_give(agent, all, 8 * FACE_MAX_TEXT);
	g_assert_cmpuint(n, >, FACE_MAX_TEXT);
	g_assert_cmpuint(n, <, 2 * FACE_MAX_TEXT);
	spice_agent_free(agent);
}

/* Too long, not UTF-8, another format, cut short: passed over, and what comes next
 * is understood. */
static void test_nonsense(void)
{
	static const char text[] = "\1\0\0\0ok", bad[] = "\1\0\0\0\377", picture[] = "\2\0\0\0png";
	g_autoptr(GString) heard = g_string_new(NULL);
	g_autofree char *huge = g_malloc0(FACE_MAX_TEXT + 100);
	g_autoptr(GByteArray) in = g_byte_array_new();
	SpiceAgent *agent = spice_agent_new(on_clipboard, heard);

	message(in, VD_AGENT_CLIPBOARD, huge, FACE_MAX_TEXT + 100, 2048);
	message(in, VD_AGENT_CLIPBOARD, bad, sizeof bad - 1, 2048);
	message(in, VD_AGENT_CLIPBOARD, picture, sizeof picture - 1, 2048);
	message(in, VD_AGENT_CLIPBOARD, text, 3, 2048);
	message(in, VD_AGENT_CLIPBOARD_GRAB, text, 2, 2048);
	message(in, VD_AGENT_ANNOUNCE_CAPABILITIES, text, 0, 2048);
	append(in, (const guint32[]){VDP_SERVER_PORT, 0}, 2);
	message(in, VD_AGENT_CLIPBOARD, text, sizeof text - 1, 2048);
	spice_agent_take(agent, in->data, in->len);
	g_assert_cmpstr(heard->str, ==, "[ok]");
	g_assert_cmpuint(spice_agent_give(agent, huge, 100), ==, 0);

	/* In the middle of a message there is another client. */
	spice_agent_take(agent, in->data, 30);
	spice_agent_reset(agent);
	g_byte_array_set_size(in, 0);
	message(in, VD_AGENT_CLIPBOARD, text, sizeof text - 1, 2048);
	spice_agent_take(agent, in->data, in->len);
	g_assert_cmpstr(heard->str, ==, "[ok][ok]");
	spice_agent_free(agent);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spice-agent/conversation", test_conversation);
	g_test_add_func("/spice-agent/offer", test_offer);
	g_test_add_func("/spice-agent/asks-and-takes-nothing", test_asks_and_takes_nothing);
	g_test_add_func("/spice-agent/nonsense", test_nonsense);
	return g_test_run();
}
