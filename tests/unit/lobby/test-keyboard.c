/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scan codes by the real layouts of xkb-data, and keysyms as viewers send them. */
#include "keyboard.h"

#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#define SHIFT 0x2a
#define ALTGR 0xe038

static void choose(Keyboard *keyboard, const char *name)
{
	for (guint i = 0; i < keyboard_layouts(); i++) {
		if (strcmp(keyboard_layout_name(i), name) != 0)
			continue;
		g_assert_true(keyboard_choose(keyboard, i));
		g_assert_cmpuint(keyboard_layout(keyboard), ==, i);
		return;
	}
	g_assert_not_reached();
}

/* What is typed by pressing these, one after the other; SHIFT and ALTGR hold for the next one. */
static char *press(Keyboard *keyboard, const guint32 *codes)
{
	GString *typed = g_string_new(NULL);
	guint32 held = 0;

	for (; *codes != 0; codes++) {
		Stroke stroke;

		if (keyboard_key(keyboard, 0, *codes, TRUE, &stroke))
			for (const gunichar *c = stroke.text; *c != 0; c++)
				g_string_append_unichar(typed, *c);
		if (*codes == SHIFT || *codes == ALTGR) {
			held = *codes;
			continue;
		}
		g_assert_false(keyboard_key(keyboard, 0, *codes, FALSE, &stroke));
		if (held != 0)
			g_assert_false(keyboard_key(keyboard, 0, held, FALSE, &stroke));
		held = 0;
	}
	return g_string_free(typed, FALSE);
}

static void expect(const char *layout, const guint32 *codes, const char *text)
{
	Keyboard *keyboard = keyboard_new();
	g_autofree char *typed = NULL;

	choose(keyboard, layout);
	typed = press(keyboard, codes);
	g_assert_cmpstr(typed, ==, text);
	keyboard_free(keyboard);
}

static void test_layouts(void)
{
	/* The keys that a US keyboard calls Y Z [ ; ' - Q AltGr+Q 1 Shift+7, and the one left
	 * of Z. */
	static const guint32 codes[] = {0x15,  0x2c, 0x1a, 0x27,  0x28, 0x0c, 0x10,
					ALTGR, 0x10, 0x02, SHIFT, 0x08, 0x56, 0};

	expect("English (US)", codes, "yz[;'-qq1&<");
	expect("Deutsch", codes, "zyüöäßq@1/<");
	expect("Français", codes, "yw^mù)aæ&7<");
}

/* Every layout that is offered is there. */
static void test_all(void)
{
	Keyboard *keyboard = keyboard_new();

	for (guint i = 0; i < keyboard_layouts(); i++)
		g_assert_true(keyboard_choose(keyboard, i));
	keyboard_free(keyboard);
}

static void test_dead_scancodes(void)
{
	/* German: acute and e, circumflex and space, diaeresis is not on a key of its own. */
	static const guint32 codes[] = {0x0d, 0x12, 0x29, 0x39, 0x0d, 0x2d, 0};

	expect("Deutsch", codes, "é^'x");
}

static char *type_keysyms(Keyboard *keyboard, const guint32 *keysyms)
{
	GString *typed = g_string_new(NULL);

	for (; *keysyms != 0; keysyms++) {
		Stroke stroke;

		if (keyboard_key(keyboard, *keysyms, 0, TRUE, &stroke))
			for (const gunichar *c = stroke.text; *c != 0; c++)
				g_string_append_unichar(typed, *c);
		g_assert_false(keyboard_key(keyboard, *keysyms, 0, FALSE, &stroke));
	}
	return g_string_free(typed, FALSE);
}

static void test_keysyms(void)
{
	static const guint32 plain[] = {'a',          0xe4,       XKB_KEY_EuroSign, 0x1000431,
					XKB_KEY_KP_7, XKB_KEY_F1, XKB_KEY_Return,   0};
	static const guint32 dead[] = {
		XKB_KEY_dead_circumflex, 'o', XKB_KEY_dead_tilde, XKB_KEY_space, XKB_KEY_dead_grave,
		XKB_KEY_dead_grave,      0};
	Keyboard *keyboard = keyboard_new();
	g_autofree char *first = type_keysyms(keyboard, plain);
	g_autofree char *second = type_keysyms(keyboard, dead);

	g_assert_cmpstr(first, ==, "aä€б7");
	g_assert_cmpstr(second, ==, "ô~`");
	keyboard_free(keyboard);
}

static void test_modifiers(void)
{
	Keyboard *keyboard = keyboard_new();
	Stroke stroke;

	g_assert_false(keyboard_key(keyboard, XKB_KEY_Control_L, 0, TRUE, &stroke));
	g_assert_true(keyboard_key(keyboard, 'v', 0, TRUE, &stroke));
	g_assert_true(stroke.control && stroke.text[0] == 0);
	/* Windows says Control and Alt for AltGr: then it is a letter. */
	g_assert_false(keyboard_key(keyboard, XKB_KEY_Alt_R, 0, TRUE, &stroke));
	g_assert_true(keyboard_key(keyboard, '@', 0, TRUE, &stroke));
	g_assert_true(!stroke.control && stroke.text[0] == '@');
	g_assert_false(keyboard_key(keyboard, XKB_KEY_Alt_R, 0, FALSE, &stroke));
	g_assert_false(keyboard_key(keyboard, XKB_KEY_Control_L, 0, FALSE, &stroke));
	g_assert_true(keyboard_key(keyboard, 'v', 0, TRUE, &stroke));
	g_assert_true(!stroke.control && stroke.text[0] == 'v');
	g_assert_false(keyboard_key(keyboard, XKB_KEY_Shift_L, 0, TRUE, &stroke));
	g_assert_true(keyboard_key(keyboard, XKB_KEY_Tab, 0, TRUE, &stroke));
	g_assert_true(stroke.shift);
	/* Nonsense is no key. */
	g_assert_false(keyboard_key(keyboard, 0, 0, TRUE, &stroke));
	g_assert_false(keyboard_key(keyboard, 0, 0xe0ff, TRUE, &stroke));
	g_assert_true(keyboard_key(keyboard, 0xffffffff, 0, TRUE, &stroke));
	g_assert_cmpuint(stroke.text[0], ==, 0);
	keyboard_free(keyboard);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/keyboard/layouts", test_layouts);
	g_test_add_func("/keyboard/all", test_all);
	g_test_add_func("/keyboard/dead-scancodes", test_dead_scancodes);
	g_test_add_func("/keyboard/keysyms", test_keysyms);
	g_test_add_func("/keyboard/modifiers", test_modifiers);
	return g_test_run();
}
