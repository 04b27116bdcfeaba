/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keyboard: see keyboard.h. */
#include "keyboard.h"

#include "secret.h"

#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

#define EVDEV_TO_XKB 8

typedef enum { HELD_SHIFT = 1, HELD_CONTROL = 2, HELD_ALT = 4 } Held;

struct Keyboard {
	guint layout;
	struct xkb_context *context; /* NULL until the first scan code comes without a keysym */
	struct xkb_keymap *keymap;
	struct xkb_state *state;
	unsigned held;
	guint32 dead; /* a keysym that waits for its letter, 0 = none */
};

static const struct {
	const char *layout, *variant, *name;
} layouts[] = {
	{"us", "", "English (US)"},
	{"gb", "", "English (UK)"},
	{"de", "", "Deutsch"},
	{"ch", "", "Deutsch (Schweiz)"},
	{"fr", "", "Français"},
	{"ch", "fr", "Français (Suisse)"},
	{"be", "", "Belge / Belgisch"},
	{"es", "", "Español"},
	{"it", "", "Italiano"},
	{"pt", "", "Português"},
	{"br", "", "Português (Brasil)"},
	{"se", "", "Svenska"},
	{"no", "", "Norsk"},
	{"dk", "", "Dansk"},
	{"fi", "", "Suomi"},
	{"pl", "", "Polski"},
	{"cz", "", "Čeština"},
	{"tr", "", "Türkçe"},
};

/* As xkeysym's order has them: the accent that joins a letter, and the one that stands alone. */
static const struct {
	gunichar joins, alone;
} accents[] = {
	{0x300, '`'},   {0x301, '\''},  {0x302, '^'},   {0x303, '~'},  {0x304, 0xaf},
	{0x306, 0x2d8}, {0x307, 0x2d9}, {0x308, '"'},   {0x30a, 0xb0}, {0x30b, 0x2dd},
	{0x30c, 0x2c7}, {0x327, 0xb8},  {0x328, 0x2db},
};

guint keyboard_layouts(void)
{
	return G_N_ELEMENTS(layouts);
}

const char *keyboard_layout_name(guint layout)
{
	return layouts[layout].name;
}

guint keyboard_layout(const Keyboard *keyboard)
{
	return keyboard->layout;
}

Keyboard *keyboard_new(void)
{
	return g_new0(Keyboard, 1);
}

void keyboard_free(Keyboard *keyboard)
{
	if (keyboard == NULL)
		return;
	xkb_state_unref(keyboard->state);
	xkb_keymap_unref(keyboard->keymap);
	xkb_context_unref(keyboard->context);
	secret_wipe(keyboard, sizeof *keyboard);
	g_free(keyboard);
}

gboolean keyboard_choose(Keyboard *keyboard, guint layout)
{
	const struct xkb_rule_names names = {
		.rules = "evdev",
		.model = "pc105",
		.layout = layouts[layout].layout,
		.variant = layouts[layout].variant,
	};
	struct xkb_keymap *keymap;

	if (keyboard->context == NULL)
		keyboard->context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
	if (keyboard->context == NULL)
		return FALSE;
	xkb_context_set_log_level(keyboard->context, XKB_LOG_LEVEL_CRITICAL);
	keymap = xkb_keymap_new_from_names(keyboard->context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
	if (keymap == NULL)
		return FALSE;
	xkb_state_unref(keyboard->state);
	xkb_keymap_unref(keyboard->keymap);
	keyboard->keymap = keymap;
	keyboard->state = xkb_state_new(keymap);
	keyboard->layout = layout;
	keyboard->dead = 0;
	return TRUE;
}

/* Scan codes of set 1 are Linux's own numbers, but for the extended ones. 0 = unknown. */
static guint32 keycode(guint32 scancode)
{
	static const struct {
		guint8 scancode, code;
	} extended[] = {
		{0x1c, 96},  {0x1d, 97},  {0x35, 98},  {0x37, 99},  {0x38, 100}, {0x47, 102},
		{0x48, 103}, {0x49, 104}, {0x4b, 105}, {0x4d, 106}, {0x4f, 107}, {0x50, 108},
		{0x51, 109}, {0x52, 110}, {0x53, 111}, {0x5b, 125}, {0x5c, 126}, {0x5d, 127},
	};

	if (scancode > 0 && scancode <= 0x58)
		return scancode;
	for (gsize i = 0; i < G_N_ELEMENTS(extended); i++)
		if (scancode == (0xe000 | extended[i].scancode))
			return extended[i].code;
	return 0;
}

/* The keysym that a scan code means with all that is held. */
static guint32 translate(Keyboard *keyboard, guint32 scancode, gboolean down)
{
	guint32 code = keycode(scancode);
	guint32 keysym;

	if (code == 0 || (keyboard->state == NULL && !keyboard_choose(keyboard, keyboard->layout)))
		return XKB_KEY_NoSymbol;
	keysym = xkb_state_key_get_one_sym(keyboard->state, code + EVDEV_TO_XKB);
	xkb_state_update_key(keyboard->state, code + EVDEV_TO_XKB,
			     down ? XKB_KEY_DOWN : XKB_KEY_UP);
	return keysym;
}

static unsigned modifier(guint32 keysym)
{
	switch (keysym) {
	case XKB_KEY_Shift_L:
	case XKB_KEY_Shift_R: return HELD_SHIFT;
	case XKB_KEY_Control_L:
	case XKB_KEY_Control_R: return HELD_CONTROL;
	case XKB_KEY_Alt_L:
	case XKB_KEY_Alt_R:
	case XKB_KEY_ISO_Level3_Shift: return HELD_ALT;
	default: return 0;
	}
}

static gboolean is_dead(guint32 keysym)
{
	return keysym >= XKB_KEY_dead_grave && keysym < XKB_KEY_dead_grave + G_N_ELEMENTS(accents);
}

/* An accent and what came after it: one letter where there is one; what stands alone, else. */
static void compose(guint32 dead, gunichar letter, gunichar *out)
{
	gunichar alone = accents[dead - XKB_KEY_dead_grave].alone;

	if (letter == ' ') {
		out[0] = alone;
	} else if (!g_unichar_compose(letter, accents[dead - XKB_KEY_dead_grave].joins, &out[0])) {
		out[0] = alone;
		out[1] = letter;
	}
}

gboolean keyboard_key(Keyboard *keyboard, guint32 keysym, guint32 scancode, gboolean down,
		      Stroke *out)
{
	unsigned bit;
	gunichar letter;

	if (keysym == XKB_KEY_NoSymbol)
		keysym = translate(keyboard, scancode, down);
	bit = modifier(keysym);
	keyboard->held = down ? keyboard->held | bit : keyboard->held & ~bit;
	if (!down || bit != 0 || keysym == XKB_KEY_NoSymbol)
		return FALSE;

	*out = (Stroke){.keysym = keysym,
			.shift = (keyboard->held & HELD_SHIFT) != 0,
			/* With Alt it is what Windows says for AltGr: a letter, no shortcut. */
			.control = (keyboard->held & (HELD_CONTROL | HELD_ALT)) == HELD_CONTROL};
	if (is_dead(keysym) && keyboard->dead == 0) {
		keyboard->dead = keysym;
		return FALSE;
	}
	letter = is_dead(keysym) ? ' ' : xkb_keysym_to_utf32(keysym);
	if (out->control || letter < ' ' || letter == 0x7f || letter > 0x10ffff)
		letter = 0;
	out->text[0] = letter;
	if (keyboard->dead != 0 && letter != 0)
		compose(keyboard->dead, letter, out->text);
	keyboard->dead = 0;
	return TRUE;
}
