/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_frame: message ends are found in every cut; what main says is read within bounds. */
#include "spice/spice_frame.h"

#include "transcript.h"

/* "type+size" per message, "!" at the fault. Passes what it may as soon as it may. */
static char *run(const Piece *pieces, gsize n, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	GString *said = g_string_new(NULL);
	SpiceFrame frame = {0};
	Buffer in = {0};
	gssize part = 0;

	for (gsize i = 0; i < n && part >= 0; i++) {
		buffer_append(&in, pieces[i].bytes, pieces[i].n);
		while (buffer_length(&in) > 0) {
			part = spice_frame_next(&frame, buffer_bytes(&in), buffer_length(&in),
						FAULT_DESKTOP, &error);
			if (part <= 0)
				break;
			if (spice_frame_fresh(&frame))
				g_string_append_printf(said, "%u+%zu ", frame.type, frame.size);
			spice_frame_passed(&frame, (gsize)part);
			buffer_consume(&in, (gsize)part);
		}
	}
	if (part < 0)
		g_string_append_printf(said, "! %s", error->message);
	else
		g_string_append_printf(said, "left %zu", frame.left + buffer_length(&in));
	buffer_clear(&in);
	return g_string_free(said, FALSE);
}

static void test_messages(void)
{
	static const guint8 bytes[] = {
		102, 0, 0, 0, 0, 0,                          /* MARK: no body */
		3,   0, 4, 0, 0, 0, 1,   2,   3,   4,        /* SET_ACK */
		48,  1, 5, 0, 0, 0, 'a', 'b', 'c', 'd', 'e', /* DRAW_COPY, type 304 */
		4,   0, 8, 0, 0, 0, 1,   2,   3,             /* cut short */
	};

	transcript_check(bytes, sizeof bytes, run, NULL, "102+6 3+10 304+11 4+14 left 5");
	transcript_check(bytes, 3, run, NULL, "left 3");
}

static void test_too_long(void)
{
	static const guint8 bytes[] = {102, 0, 0, 0, 0, 0, 48, 1, 1, 0, 0, 4};
	static const guint8 longest[] = {48, 1, 0, 0, 0, 4};

	transcript_check(bytes, sizeof bytes, run, NULL,
			 "102+6 ! SPICE message 304 of 67108865 bytes");
	transcript_check(longest, sizeof longest, run, NULL, "304+67108870 left 67108864");
}

static void test_main_init(void)
{
	guint8 init[SPICE_FRAME_MAIN_INIT] = {103, 0, 32, 0, 0, 0, 0x78, 0x56, 0x34, 0x12, 0xaa};
	g_autoptr(GError) error = NULL;
	guint32 id = 0;

	g_assert_true(spice_frame_main_init(init, sizeof init, &id, &error));
	g_assert_cmphex(id, ==, 0x12345678);
	spice_frame_main_init_set(init, 0xdeadbeef);
	g_assert_true(spice_frame_main_init(init, sizeof init, &id, &error));
	g_assert_cmphex(id, ==, 0xdeadbeef);
	g_assert_cmphex(init[10], ==, 0xaa);
	for (gsize n = 0; n < sizeof init; n++) {
		g_autoptr(GError) short_error = NULL;
		g_autofree guint8 *cut = g_memdup2(init, n);

		g_assert_false(spice_frame_main_init(cut, n, &id, &short_error));
		g_assert_error(short_error, FAULT, FAULT_DESKTOP);
	}
	init[0] = 104;
	g_assert_false(spice_frame_main_init(init, sizeof init, &id, &error));
}

static void test_channels_list(void)
{
	static const guint8 body[] = {3, 0, 0, 0, 2, 0, 3, 0, 9, 1};
	static const guint8 lie[] = {0xff, 0xff, 0xff, 0xff, 2, 0};
	g_autoptr(GError) error = NULL;
	const SpiceFrameChannel *list;
	guint32 n;

	g_assert_true(spice_frame_channels_list(body, sizeof body, &list, &n, &error));
	g_assert_cmpuint(n, ==, 3);
	g_assert_cmpuint(list[2].type, ==, 9);
	g_assert_cmpuint(list[2].id, ==, 1);
	g_assert_false(spice_frame_channels_list(body, sizeof body - 1, &list, &n, NULL));
	g_assert_false(spice_frame_channels_list(lie, sizeof lie, &list, &n, NULL));
	g_assert_false(spice_frame_channels_list(lie, 3, &list, &n, &error));
	g_assert_error(error, FAULT, FAULT_DESKTOP);
}

static void test_migration(void)
{
	for (unsigned type = 0; type < 200; type++)
		g_assert_true(spice_frame_is_migration((guint16)type) ==
			      (type == 101 || type == 111 || type == 116));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spice-frame/messages", test_messages);
	g_test_add_func("/spice-frame/too-long", test_too_long);
	g_test_add_func("/spice-frame/main-init", test_main_init);
	g_test_add_func("/spice-frame/channels-list", test_channels_list);
	g_test_add_func("/spice-frame/migration", test_migration);
	return g_test_run();
}
