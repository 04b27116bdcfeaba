/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_link: bytes as virt-viewer 11 and QEMU 7.2 send them, and every way to lie about them. */
#include "spice/spice_link.h"

#include <string.h>

/* remote-viewer's display channel: connection 0x11223344, caps common 0xd, display 0x3bf. */
static const guint8 display[] = {
	'R', 'E', 'D', 'Q', 2, 0, 0, 0, 2, 0,  0, 0, 26, 0,    0, 0, 0x44, 0x33, 0x22, 0x11, 2,
	0,   1,   0,   0,   0, 1, 0, 0, 0, 18, 0, 0, 0,  0x0d, 0, 0, 0,    0xbf, 3,    0,    0,
};

static void test_mess(void)
{
	g_autoptr(GError) error = NULL;
	SpiceLinkMess mess;
	Buffer out = {0};
	guint32 size;

	g_assert_true(spice_link_header(display, SPICE_LINK_MESS, FAULT_CLIENT, &size, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(size, ==, 26);
	g_assert_true(spice_link_mess(display + 16, size, &mess, &error));
	g_assert_cmphex(mess.connection_id, ==, 0x11223344);
	g_assert_cmpuint(mess.type, ==, SPICE_CHANNEL_DISPLAY);
	g_assert_cmpuint(mess.id, ==, 0);
	g_assert_cmphex(mess.common, ==, 0xd);
	g_assert_cmphex(mess.channel, ==, 0x3bf);

	spice_link_append_mess(&out, &mess);
	g_assert_cmpmem(buffer_bytes(&out), buffer_length(&out), display, sizeof display);
	buffer_clear(&out);
}

static void test_header_refused(void)
{
	static const struct {
		guint8 at, value;
	} lies[] = {{0, 'X'}, {3, 0}, {4, 1}, {7, 1}, {12, 17}, {12, 0}, {13, 0x11}, {15, 0xff}};

	for (unsigned i = 0; i < G_N_ELEMENTS(lies); i++) {
		g_autoptr(GError) error = NULL;
		guint8 header[16];
		guint32 size = 77;

		memcpy(header, display, sizeof header);
		header[lies[i].at] = lies[i].value;
		g_assert_false(
			spice_link_header(header, SPICE_LINK_MESS, FAULT_DESKTOP, &size, &error));
		g_assert_error(error, FAULT, FAULT_DESKTOP);
		g_assert_cmpuint(size, ==, 77);
	}
}

static void test_mess_refused(void)
{
	/* n_common, n_channel and caps_offset as they were never meant. */
	static const guint32 lies[][3] = {
		{1, 2, 18},          {3, 0, 18},
		{1, 1, 19},          {1, 1, 17},
		{1, 1, 0},           {1, 1, 0xffffffff},
		{0, 0, 27},          {0x40000000, 0, 18},
		{0xffffffff, 3, 18}, {0x80000000, 0x80000000, 18},
		{1025, 0, 18},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(lies); i++) {
		g_autoptr(GError) error = NULL;
		guint8 bytes[26];
		SpiceLinkMess mess = {.type = 99};

		memcpy(bytes, display + 16, sizeof bytes);
		for (unsigned j = 0; j < 3; j++) {
			guint32 le = GUINT32_TO_LE(lies[i][j]);

			memcpy(bytes + 6 + 4 * j, &le, 4);
		}
		g_assert_false(spice_link_mess(bytes, sizeof bytes, &mess, &error));
		g_assert_error(error, FAULT, FAULT_CLIENT);
		g_assert_cmpuint(mess.type, ==, 99);
	}
	for (gsize n = 0; n < 26; n++) {
		g_autoptr(GError) error = NULL;
		g_autofree guint8 *cut = g_memdup2(display + 16, n);
		SpiceLinkMess mess;

		g_assert_false(spice_link_mess(cut, n, &mess, &error));
	}
}

static void test_mess_more_words(void)
{
	/* Two common words and two of the channel: the first of each counts. */
	static const guint8 bytes[] = {
		0,    0,    0,    0, 1, 0, 2, 0, 0, 0, 2,    0, 0, 0, 20, 0, 0, 0,
		0xee, 0xee, 0x0d, 0, 0, 0, 1, 1, 1, 1, 0x0f, 0, 0, 0, 2,  2, 2, 2,
	};
	g_autoptr(GError) error = NULL;
	SpiceLinkMess mess;

	g_assert_true(spice_link_mess(bytes, sizeof bytes, &mess, &error));
	g_assert_cmphex(mess.common, ==, 0xd);
	g_assert_cmphex(mess.channel, ==, 0xf);
}

static void test_reply(void)
{
	SpiceLinkReply reply = {.common = 0xb, .channel = 0x1052}, back;
	g_autoptr(GError) error = NULL;
	Buffer out = {0};
	guint32 size;

	memset(reply.key, 0xa5, sizeof reply.key);
	spice_link_append_reply(&out, &reply);
	g_assert_cmpuint(buffer_length(&out), ==, 16 + 178 + 8);
	g_assert_true(spice_link_header(buffer_bytes(&out), SPICE_LINK_REPLY, FAULT_DESKTOP, &size,
					&error));
	g_assert_true(spice_link_reply(buffer_bytes(&out) + 16, size, &back, &error));
	g_assert_cmpmem(&reply, sizeof reply, &back, sizeof back);
	for (gsize n = 0; n < size; n++) {
		g_autoptr(GError) short_error = NULL;
		g_autofree guint8 *cut = g_memdup2(buffer_bytes(&out) + 16, n);

		g_assert_false(spice_link_reply(cut, n, &back, &short_error));
		g_assert_error(short_error, FAULT, FAULT_DESKTOP);
	}
	buffer_clear(&out);
}

static void test_refusal(void)
{
	g_autoptr(GError) error = NULL;
	SpiceLinkReply reply;
	Buffer out = {0};
	guint32 size;

	spice_link_append_error(&out, 9);
	g_assert_cmpuint(buffer_length(&out), ==, 16 + 178);
	g_assert_true(spice_link_header(buffer_bytes(&out), SPICE_LINK_REPLY, FAULT_DESKTOP, &size,
					&error));
	g_assert_true(spice_link_reply(buffer_bytes(&out) + 16, size, &reply, &error));
	g_assert_cmpuint(reply.error, ==, 9);
	buffer_clear(&out);
	/* No row of the table may send a viewer into its endless reconnect. */
	for (unsigned code = 0; code <= FAULT_LAST; code++) {
		spice_link_append_error(&out, fault_info(code)->spice_link_error);
		buffer_clear(&out);
	}
}

static void test_caps(void)
{
	SpiceLinkMess viewer = {.type = SPICE_CHANNEL_MAIN, .common = 0xd, .channel = 0xf};
	SpiceLinkMess forward;
	SpiceLinkReply reply = {0};

	spice_link_offer(&viewer, FALSE, &reply);
	g_assert_cmphex(reply.common, ==, 0xb);
	g_assert_cmphex(reply.channel, ==, 0x6);
	spice_link_offer(&viewer, TRUE, &reply);
	g_assert_cmphex(reply.common, ==, 0xf);
	spice_link_forward(&viewer, 0, &forward);
	g_assert_cmphex(forward.common, ==, 0x9);
	g_assert_cmphex(forward.channel, ==, 0x6);

	viewer.common = 0x9;
	spice_link_offer(&viewer, TRUE, &reply);
	g_assert_cmphex(reply.common, ==, 0xb);

	viewer.type = SPICE_CHANNEL_DISPLAY;
	viewer.connection_id = 5;
	viewer.channel = 0x3bf;
	spice_link_offer(&viewer, TRUE, &reply);
	g_assert_cmphex(reply.channel, ==, 0x1052);
	spice_link_forward(&viewer, 1234, &forward);
	g_assert_cmphex(forward.channel, ==, 0x3bf);
	g_assert_cmpuint(forward.connection_id, ==, 1234);
}

static void test_names(void)
{
	g_assert_cmpstr(spice_link_channel_name(1), ==, "main");
	g_assert_cmpstr(spice_link_channel_name(11), ==, "webdav");
	g_assert_null(spice_link_channel_name(0));
	g_assert_null(spice_link_channel_name(7));
	g_assert_null(spice_link_channel_name(12));
	g_assert_null(spice_link_channel_name(255));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spice-link/mess", test_mess);
	g_test_add_func("/spice-link/mess-more-words", test_mess_more_words);
	g_test_add_func("/spice-link/header-refused", test_header_refused);
	g_test_add_func("/spice-link/mess-refused", test_mess_refused);
	g_test_add_func("/spice-link/reply", test_reply);
	g_test_add_func("/spice-link/refusal", test_refusal);
	g_test_add_func("/spice-link/caps", test_caps);
	g_test_add_func("/spice-link/names", test_names);
	return g_test_run();
}
