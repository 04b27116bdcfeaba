/* SPDX-License-Identifier: GPL-3.0-or-later */
/* printable: words of strangers for a terminal. */
#include "printable.h"

#include <glib.h>

static void test_text(void)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"", ""},
		{"Büro 7", "Büro 7"},
		{"a\033[2Jb\nc\x7f", "a?[2Jb?c?"},
		{"\302\23331m", "?31m"},     /* U+009B begins a command, too */
		{"a\342\200\256b", "a?b"},   /* from right to left           */
		{"\363\240\200\201x", "?x"}, /* a tag                        */
		{"\360\237\230\200", "\360\237\230\200"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *shown = printable_text(cases[i].text);

		g_assert_cmpstr(shown, ==, cases[i].shown);
	}
}

static void test_not_utf8(void)
{
	g_autofree char *shown = printable_text("a\377b");

	g_assert_true(g_utf8_validate(shown, -1, NULL));
	g_assert_cmpint(shown[0], ==, 'a');
}

static void test_json(void)
{
	g_autofree char *shown = printable_json("{\n  \"a\": \"B\303\274ro \302\2332J\342\200\256"
						"\363\240\200\201 \\u001b\"\n}");

	g_assert_cmpstr(shown, ==,
			"{\n  \"a\": \"B\303\274ro \\u009b2J\\u202e\\udb40\\udc01 \\u001b\"\n}");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/printable/text", test_text);
	g_test_add_func("/printable/not-utf8", test_not_utf8);
	g_test_add_func("/printable/json", test_json);
	return g_test_run();
}
