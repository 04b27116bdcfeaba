/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clipboard text as RDP has it (CF_UNICODETEXT) and as we have it, both ways. */
#include "rdp_clipboard.h"

#include <string.h>

#include "face.h"

static void test_encode(void)
{
	static const guint8 wanted[] = {'a',  0,    '\r', 0,    '\n', 0,    0xac, 0x20, 0x3d,
					0xd8, 0x00, 0xde, '\r', 0,    '\n', 0,    0,    0};
	gsize n = 0;
	/* a, line end, euro sign, a face (two units), line end as it should be */
	g_autofree guint8 *bytes = rdp_clipboard_encode("a\n\342\202\254\360\237\230\200\r\n", &n);

	g_assert_cmpmem(bytes, n, wanted, sizeof wanted);
	g_free(g_steal_pointer(&bytes));
	bytes = rdp_clipboard_encode("", &n);
	g_assert_cmpmem(bytes, n, "\0\0", 2);
}

static void check(const void *bytes, gsize n, const char *wanted)
{
	g_autofree char *text = rdp_clipboard_decode(bytes, n);

	g_assert_cmpstr(text, ==, wanted);
}

static void test_decode(void)
{
	g_autofree guint8 *long_text = g_malloc(2 * FACE_MAX_TEXT + 2);

	check("a\0\r\0\n\0\254\040\0\0", 10, "a\n\342\202\254");
	check("a\0", 2, "a");  /* without its end */
	check("a\0b", 3, "a"); /* half a unit */
	check("a\0\r\0b\0", 6, "a\rb");
	check("", 0, "");
	check("\0\0a\0", 4, ""); /* it ends where it says */
	check("\x3d\xd8"
	      "a\0",
	      4, NULL);                                /* half a character */
	memset(long_text, 'a', 2 * FACE_MAX_TEXT + 2); /* three bytes each in UTF-8 */
	check(long_text, 2 * FACE_MAX_TEXT + 2, NULL);
	check(long_text, 2 * FACE_MAX_TEXT, NULL);
}

static void test_there_and_back(void)
{
	const char *text = "Gr\303\274\303\237e\n\n\tund \360\237\230\200";
	gsize n = 0;
	g_autofree guint8 *bytes = rdp_clipboard_encode(text, &n);

	check(bytes, n, text);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rdp-clipboard/encode", test_encode);
	g_test_add_func("/rdp-clipboard/decode", test_decode);
	g_test_add_func("/rdp-clipboard/there-and-back", test_there_and_back);
	return g_test_run();
}
