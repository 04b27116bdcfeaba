/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keymap: see keymap.h. xkbcommon numbers keys as evdev does, plus 8; for most of them that is the
 * scan code, for the extended ones the table below. */
#include "keymap.h"

#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

#include "fault.h"

#define EVDEV     8  /* xkb keycode = evdev code + 8                */
#define SAME_UPTO 88 /* evdev codes up to F12 are scan codes of set 1 */
#define HELD      32 /* keys that are down at once                  */

#define SCAN_SHIFT 0x2a
#define SCAN_ALTGR 0xe038

struct Keymap {
	struct xkb_context *context;
	struct xkb_keymap *map;
	struct xkb_state *state; /* of keymap_keysym()'s keyboard */
	/* Of keymap_strokes()'s person: */
	gboolean shift, altgr, shortcut[6];
	struct {
		guint32 keysym, scancode;
	} held[HELD];
};

/* evdev code -> scan code, for keys beyond SAME_UPTO (linux/input-event-codes.h; QEMU's
 * keycodemapdb has the same pairs). */
static const guint16 extended[][2] = {
	{89, 0x73},    {92, 0x79},    {93, 0x70},    {94, 0x7b},    {96, 0xe01c},  {97, 0xe01d},
	{98, 0xe035},  {99, 0xe037},  {100, 0xe038}, {102, 0xe047}, {103, 0xe048}, {104, 0xe049},
	{105, 0xe04b}, {106, 0xe04d}, {107, 0xe04f}, {108, 0xe050}, {109, 0xe051}, {110, 0xe052},
	{111, 0xe053}, {113, 0xe020}, {114, 0xe02e}, {115, 0xe030}, {117, 0x59},   {119, 0xe046},
	{121, 0x7e},   {124, 0x7d},   {125, 0xe05b}, {126, 0xe05c}, {127, 0xe05d},
};

static guint32 scancode_of(xkb_keycode_t key)
{
	guint32 code = key - EVDEV;

	if (key <= EVDEV)
		return 0;
	if (code <= SAME_UPTO)
		return code;
	for (gsize i = 0; i < G_N_ELEMENTS(extended); i++)
		if (extended[i][0] == code)
			return extended[i][1];
	return 0;
}

static xkb_keycode_t key_of(guint32 scancode)
{
	if (scancode > 0 && scancode <= SAME_UPTO)
		return scancode + EVDEV;
	for (gsize i = 0; i < G_N_ELEMENTS(extended); i++)
		if (extended[i][1] == scancode)
			return extended[i][0] + EVDEV;
	return XKB_KEYCODE_INVALID;
}

Keymap *keymap_new(const char *layout, GError **error)
{
	Keymap *keymap = g_new0(Keymap, 1);
	g_auto(GStrv) parts = g_strsplit_set(layout, "()", 3);
	struct xkb_rule_names names = {.layout = parts[0], .variant = parts[0] ? parts[1] : NULL};

	keymap->context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
	if (keymap->context != NULL)
		xkb_context_set_log_level(keymap->context, XKB_LOG_LEVEL_CRITICAL);
	if (keymap->context != NULL && parts[0] != NULL)
		keymap->map = xkb_keymap_new_from_names(keymap->context, &names,
							XKB_KEYMAP_COMPILE_NO_FLAGS);
	if (keymap->map != NULL)
		keymap->state = xkb_state_new(keymap->map);
	if (keymap->state == NULL) {
		g_set_error(error, FAULT, FAULT_CONFIG, "no keyboard layout is called %s", layout);
		g_clear_pointer(&keymap, keymap_free);
	}
	return keymap;
}

void keymap_free(Keymap *keymap)
{
	if (keymap == NULL)
		return;
	xkb_state_unref(keymap->state);
	xkb_keymap_unref(keymap->map);
	xkb_context_unref(keymap->context);
	g_free(keymap);
}

guint32 keymap_keysym(Keymap *keymap, guint32 scancode, gboolean down)
{
	xkb_keycode_t key = key_of(scancode);
	guint32 keysym;

	if (key == XKB_KEYCODE_INVALID)
		return 0;
	keysym = xkb_state_key_get_one_sym(keymap->state, key);
	xkb_state_update_key(keymap->state, key, down ? XKB_KEY_DOWN : XKB_KEY_UP);
	return keysym;
}

/* ---- from keysyms */

typedef struct {
	struct xkb_keymap *map;
	guint32 keysym, character;
	gboolean shift, altgr; /* that are down: a place that needs just these is the best */
	guint32 scancode;
	gboolean needs_shift, needs_altgr, levels;
	gboolean exact;
} Search;

static gboolean means(struct xkb_keymap *map, xkb_keycode_t key, xkb_level_index_t level,
		      const Search *search)
{
	const xkb_keysym_t *syms;
	int n = xkb_keymap_key_get_syms_by_level(map, key, 0, level, &syms);

	return n == 1 &&
	       (syms[0] == search->keysym ||
		(search->character != 0 && xkb_keysym_to_utf32(syms[0]) == search->character));
}

static void look_at(struct xkb_keymap *map, xkb_keycode_t key, void *data)
{
	Search *search = data;
	guint32 scancode = scancode_of(key);
	xkb_level_index_t levels = MIN(xkb_keymap_num_levels_for_key(map, key, 0), 4);

	for (xkb_level_index_t i = 0; i < levels && scancode != 0 && !search->exact; i++) {
		gboolean shift = (i & 1) != 0, altgr = (i & 2) != 0;

		if (!means(map, key, i, search))
			continue;
		search->exact = levels == 1 || (shift == search->shift && altgr == search->altgr);
		if (search->scancode != 0 && !search->exact)
			continue;
		search->scancode = scancode;
		search->needs_shift = shift;
		search->needs_altgr = altgr;
		search->levels = levels > 1;
	}
}

/* True if it is a modifier, whose state has been noted. */
static gboolean note_modifier(Keymap *keymap, guint32 keysym, gboolean down)
{
	static const guint32 shortcuts[] = {XKB_KEY_Control_L, XKB_KEY_Control_R, XKB_KEY_Alt_L,
					    XKB_KEY_Meta_L,    XKB_KEY_Super_L,   XKB_KEY_Super_R};

	if (keysym == XKB_KEY_Shift_L || keysym == XKB_KEY_Shift_R) {
		keymap->shift = down;
		return TRUE;
	}
	if (keysym == XKB_KEY_ISO_Level3_Shift || keysym == XKB_KEY_Mode_switch) {
		keymap->altgr = down;
		return TRUE;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(shortcuts); i++)
		if (keysym == shortcuts[i]) {
			keymap->shortcut[i] = down;
			return TRUE;
		}
	return FALSE;
}

/* A release has to lift what the press put down, whatever the modifiers say by now. */
static guint32 take_held(Keymap *keymap, guint32 keysym)
{
	for (gsize i = 0; i < HELD; i++)
		if (keymap->held[i].keysym == keysym) {
			keymap->held[i].keysym = 0;
			return keymap->held[i].scancode;
		}
	return 0;
}

static void hold(Keymap *keymap, guint32 keysym, guint32 scancode)
{
	take_held(keymap, keysym);
	for (gsize i = 0; i < HELD; i++)
		if (keymap->held[i].keysym == 0) {
			keymap->held[i].keysym = keysym;
			keymap->held[i].scancode = scancode;
			return;
		}
}

static Search search_for(Keymap *keymap, guint32 keysym)
{
	Search search = {.map = keymap->map,
			 .keysym = keysym,
			 .shift = keymap->shift,
			 .altgr = keymap->altgr};

	/* "us" has no key for it; what people call AltGr is the right Alt everywhere. */
	if (keysym == XKB_KEY_ISO_Level3_Shift || keysym == XKB_KEY_Mode_switch) {
		search.scancode = SCAN_ALTGR;
		return search;
	}
	xkb_keymap_key_for_each(keymap->map, look_at, &search);
	/* Another name of the same character, as keypads have them. */
	search.character = xkb_keysym_to_utf32(keysym);
	if (search.scancode == 0 && search.character != 0)
		xkb_keymap_key_for_each(keymap->map, look_at, &search);
	return search;
}

static gboolean is_shortcut(const Keymap *keymap)
{
	for (gsize i = 0; i < G_N_ELEMENTS(keymap->shortcut); i++)
		if (keymap->shortcut[i])
			return TRUE;
	return FALSE;
}

guint keymap_strokes(Keymap *keymap, guint32 keysym, gboolean down, KeyStroke out[KEYMAP_STROKES])
{
	gboolean modifier = note_modifier(keymap, keysym, down);
	guint32 scancode = down ? 0 : take_held(keymap, keysym);
	gboolean fix_shift = FALSE, fix_altgr = FALSE;
	guint n = 0;

	if (scancode == 0) {
		Search found = search_for(keymap, keysym);
		gboolean fix = down && !modifier && found.levels && !is_shortcut(keymap);

		if (found.scancode == 0)
			return 0;
		scancode = found.scancode;
		fix_shift = fix && found.needs_shift != keymap->shift;
		fix_altgr = fix && found.needs_altgr != keymap->altgr;
	}
	if (fix_shift)
		out[n++] = (KeyStroke){SCAN_SHIFT, !keymap->shift};
	if (fix_altgr)
		out[n++] = (KeyStroke){SCAN_ALTGR, !keymap->altgr};
	out[n++] = (KeyStroke){scancode, down};
	if (fix_altgr)
		out[n++] = (KeyStroke){SCAN_ALTGR, keymap->altgr};
	if (fix_shift)
		out[n++] = (KeyStroke){SCAN_SHIFT, keymap->shift};
	if (down)
		hold(keymap, keysym, scancode);
	return n;
}
