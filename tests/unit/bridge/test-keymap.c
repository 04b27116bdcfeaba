/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which keys come out for what a viewer says, on keyboards of several countries. */
#include "keymap.h"

#include <xkbcommon/xkbcommon-keysyms.h>

#include "fault.h"

/* Strokes as text: "+1e -1e". */
static char *press(Keymap *keymap, guint32 keysym, gboolean down)
{
	KeyStroke strokes[KEYMAP_STROKES];
	guint n = keymap_strokes(keymap, keysym, down, strokes);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < n; i++)
		g_string_append_printf(text, "%s%c%x", i ? " " : "", strokes[i].down ? '+' : '-',
				       strokes[i].scancode);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

#define EXPECT(keymap, keysym, down, words)                         \
	do {                                                        \
		g_autofree char *got = press(keymap, keysym, down); \
		g_assert_cmpstr(got, ==, words);                    \
	} while (0)

static void test_plain(void)
{
	Keymap *keymap = keymap_new("us", NULL);

	EXPECT(keymap, XKB_KEY_a, TRUE, "+1e");
	EXPECT(keymap, XKB_KEY_a, FALSE, "-1e");
	EXPECT(keymap, XKB_KEY_Return, TRUE, "+1c");
	EXPECT(keymap, XKB_KEY_Left, TRUE, "+e04b");
	EXPECT(keymap, XKB_KEY_Control_R, TRUE, "+e01d");
	EXPECT(keymap, XKB_KEY_Hangul_A, TRUE, "");
	keymap_free(keymap);
}

static void test_shift(void)
{
	Keymap *keymap = keymap_new("us", NULL);

	/* A viewer that sends no shift, and one that does. */
	EXPECT(keymap, XKB_KEY_A, TRUE, "+2a +1e -2a");
	EXPECT(keymap, XKB_KEY_A, FALSE, "-1e");
	EXPECT(keymap, XKB_KEY_Shift_L, TRUE, "+2a");
	EXPECT(keymap, XKB_KEY_A, TRUE, "+1e");
	/* Shift is let go before the key: what goes up is what went down. */
	EXPECT(keymap, XKB_KEY_Shift_L, FALSE, "-2a");
	EXPECT(keymap, XKB_KEY_A, FALSE, "-1e");
	/* On the person's keyboard this needs shift, on the desktop's not. */
	EXPECT(keymap, XKB_KEY_Shift_L, TRUE, "+2a");
	EXPECT(keymap, XKB_KEY_slash, TRUE, "-2a +35 +2a");
	EXPECT(keymap, XKB_KEY_slash, FALSE, "-35");
	/* An arrow is the same with shift and without. */
	EXPECT(keymap, XKB_KEY_Left, TRUE, "+e04b");
	keymap_free(keymap);
}

static void test_shortcut(void)
{
	Keymap *keymap = keymap_new("us", NULL);

	EXPECT(keymap, XKB_KEY_Control_L, TRUE, "+1d");
	EXPECT(keymap, XKB_KEY_C, TRUE, "+2e");
	EXPECT(keymap, XKB_KEY_Control_L, FALSE, "-1d");
	keymap_free(keymap);
}

static void test_german(void)
{
	Keymap *keymap = keymap_new("de", NULL);

	EXPECT(keymap, XKB_KEY_z, TRUE, "+15");
	EXPECT(keymap, XKB_KEY_adiaeresis, TRUE, "+28");
	EXPECT(keymap, XKB_KEY_at, TRUE, "+e038 +10 -e038");
	EXPECT(keymap, XKB_KEY_ISO_Level3_Shift, TRUE, "+e038");
	EXPECT(keymap, XKB_KEY_EuroSign, TRUE, "+12");
	keymap_free(keymap);
}

static void test_what_keys_mean(void)
{
	Keymap *keymap = keymap_new("fr", NULL);

	g_assert_cmphex(keymap_keysym(keymap, 0x10, TRUE), ==, XKB_KEY_a);
	keymap_keysym(keymap, 0x10, FALSE);
	keymap_keysym(keymap, 0x2a, TRUE);
	g_assert_cmphex(keymap_keysym(keymap, 0x10, TRUE), ==, XKB_KEY_A);
	keymap_keysym(keymap, 0x2a, FALSE);
	g_assert_cmphex(keymap_keysym(keymap, 0xe048, TRUE), ==, XKB_KEY_Up);
	g_assert_cmphex(keymap_keysym(keymap, 0xffff, TRUE), ==, 0);
	g_assert_cmphex(keymap_keysym(keymap, 0, TRUE), ==, 0);
	keymap_free(keymap);
}

static void test_layouts(void)
{
	g_autoptr(GError) error = NULL;
	Keymap *keymap = keymap_new("fr(bepo)", NULL);

	g_assert_nonnull(keymap);
	keymap_free(keymap);
	g_assert_null(keymap_new("nowhere", &error));
	g_assert_error(error, FAULT, FAULT_CONFIG);
	g_assert_null(keymap_new("", NULL));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/keymap/plain", test_plain);
	g_test_add_func("/keymap/shift", test_shift);
	g_test_add_func("/keymap/shortcut", test_shortcut);
	g_test_add_func("/keymap/german", test_german);
	g_test_add_func("/keymap/meaning", test_what_keys_mean);
	g_test_add_func("/keymap/layouts", test_layouts);
	return g_test_run();
}
