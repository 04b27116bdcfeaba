/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "field.h"

#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>

static void key(Field *field, guint32 keysym)
{
	Stroke stroke = {.keysym = keysym};

	g_assert_true(field_key(field, &stroke));
}

static void type(Field *field, gunichar letter)
{
	Stroke stroke = {.keysym = 'x', .text = {letter}};

	g_assert_true(field_key(field, &stroke));
}

static void test_editing(void)
{
	Field field = {.hidden = TRUE};
	Stroke clear = {.keysym = 'u', .control = TRUE}, none = {.keysym = XKB_KEY_F1};

	type(&field, 'a');
	type(&field, 0xe4);
	type(&field, 'c');
	key(&field, XKB_KEY_Left);
	key(&field, XKB_KEY_Left);
	type(&field, 0x20ac);
	g_assert_cmpstr(field.text, ==, "a€äc");
	key(&field, XKB_KEY_BackSpace);
	key(&field, XKB_KEY_Delete);
	g_assert_cmpstr(field.text, ==, "ac");
	/* What was there is not there any more. */
	g_assert_true(field.text[3] == 0 && field.text[4] == 0 && field.text[5] == 0);
	key(&field, XKB_KEY_Home);
	key(&field, XKB_KEY_BackSpace);
	key(&field, XKB_KEY_Left);
	type(&field, '1');
	key(&field, XKB_KEY_End);
	key(&field, XKB_KEY_Delete);
	key(&field, XKB_KEY_Right);
	type(&field, '2');
	g_assert_cmpstr(field.text, ==, "1ac2");
	g_assert_false(field_key(&field, &none));
	g_assert_true(field_key(&field, &clear));
	g_assert_cmpuint(field.length, ==, 0);
}

static void test_bounds(void)
{
	g_autofree char *lng = g_strnfill(LOBBY_SECRET + 50, 'x');
	Field field = {0};

	field_paste(&field, lng);
	g_assert_cmpuint(field.length, ==, LOBBY_SECRET);
	type(&field, 'y');
	g_assert_cmpuint(strlen(field.text), ==, LOBBY_SECRET);
	/* No half letters. */
	key(&field, XKB_KEY_BackSpace);
	type(&field, 0x20ac);
	g_assert_cmpuint(field.length, ==, LOBBY_SECRET - 1);
	type(&field, 'z');
	g_assert_cmpuint(field.length, ==, LOBBY_SECRET);
	field_wipe(&field);
	for (gsize i = 0; i < sizeof field.text; i++)
		g_assert_cmpint(field.text[i], ==, 0);
}

static void test_paste(void)
{
	Field field = {0};

	field_paste(&field, "  two words\nand a line");
	g_assert_cmpstr(field.text, ==, "two words");
	field.caret = 3;
	field_paste(&field, "\303\244\33\t");
	g_assert_cmpstr(field.text, ==, "twoä words");
	field_set(&field, "anna");
	g_assert_cmpstr(field.text, ==, "anna");
}

/* Clicks go between letters, hidden or not, and never out of the text. */
static void test_click(void)
{
	Theme theme;

	theme_init(&theme);
	for (int hidden = 0; hidden < 2; hidden++) {
		Field field = {.hidden = hidden};
		gsize last = 0;

		field_paste(&field, "ä€öx");
		for (int x = -5; x < 300; x++) {
			field_click(&field, &theme, x);
			g_assert_cmpuint(field.caret, >=, last);
			g_assert_true(g_utf8_validate(field.text + field.caret, -1, NULL));
			last = field.caret;
		}
		g_assert_cmpuint(last, ==, field.length);
	}
	theme_clear(&theme);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/field/editing", test_editing);
	g_test_add_func("/field/bounds", test_bounds);
	g_test_add_func("/field/paste", test_paste);
	g_test_add_func("/field/click", test_click);
	return g_test_run();
}
