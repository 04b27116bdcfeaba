/* SPDX-License-Identifier: GPL-3.0-or-later */
/* field: see field.h. What is hidden is drawn as dots and never reaches the text library. */
#include "field.h"

#include "secret.h"

#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#define TEXT_SIZE 18
#define DOT       11 /* from one hidden character to the next */

void field_wipe(Field *field)
{
	secret_wipe(field->text, sizeof field->text);
	field->length = field->caret = 0;
	field->scrolled = 0;
}

static void insert(Field *field, const char *text, gsize n)
{
	if (n > LOBBY_SECRET - field->length)
		return;
	memmove(field->text + field->caret + n, field->text + field->caret,
		field->length - field->caret + 1);
	memcpy(field->text + field->caret, text, n);
	field->length += n;
	field->caret += n;
}

void field_paste(Field *field, const char *text)
{
	while (g_unichar_isspace(g_utf8_get_char(text)))
		text = g_utf8_next_char(text);
	for (; *text != '\0' && *text != '\n' && *text != '\r'; text = g_utf8_next_char(text))
		if (!g_unichar_iscntrl(g_utf8_get_char(text)))
			insert(field, text, (gsize)(g_utf8_next_char(text) - text));
}

void field_set(Field *field, const char *text)
{
	field_wipe(field);
	field_paste(field, text);
}

static void erase(Field *field, gsize from, gsize to)
{
	memmove(field->text + from, field->text + to, field->length - to + 1);
	field->length -= to - from;
	secret_wipe(field->text + field->length, sizeof field->text - field->length);
	field->caret = from;
}

static gsize before(const Field *field)
{
	const char *at = field->text + field->caret;

	return field->caret ? (gsize)(g_utf8_prev_char(at) - field->text) : 0;
}

static gsize after(const Field *field)
{
	const char *at = field->text + field->caret;

	return *at ? (gsize)(g_utf8_next_char(at) - field->text) : field->length;
}

static void type(Field *field, const gunichar *letters)
{
	for (; *letters != 0; letters++) {
		char bytes[6];
		gsize n = (gsize)g_unichar_to_utf8(*letters, bytes);

		insert(field, bytes, n);
		secret_wipe(bytes, sizeof bytes);
	}
}

gboolean field_key(Field *field, const Stroke *stroke)
{
	switch (stroke->keysym) {
	case XKB_KEY_BackSpace: erase(field, before(field), field->caret); return TRUE;
	case XKB_KEY_Delete:
	case XKB_KEY_KP_Delete: erase(field, field->caret, after(field)); return TRUE;
	case XKB_KEY_Left:
	case XKB_KEY_KP_Left: field->caret = before(field); return TRUE;
	case XKB_KEY_Right:
	case XKB_KEY_KP_Right: field->caret = after(field); return TRUE;
	case XKB_KEY_Home:
	case XKB_KEY_KP_Home: field->caret = 0; return TRUE;
	case XKB_KEY_End:
	case XKB_KEY_KP_End: field->caret = field->length; return TRUE;
	default: break;
	}
	if (stroke->control && (stroke->keysym == XKB_KEY_u || stroke->keysym == XKB_KEY_U)) {
		field_wipe(field);
		return TRUE;
	}
	if (stroke->text[0] == 0)
		return FALSE;
	type(field, stroke->text);
	return TRUE;
}

/* ---- pixels */

static PangoLayout *visible(const Field *field, const Theme *theme)
{
	return theme_layout(theme, field->text, TEXT_SIZE, FALSE, 0, 0);
}

/* Pixels left of the byte at `index`. */
static int offset_of(const Field *field, const Theme *theme, PangoLayout *layout, gsize index)
{
	PangoRectangle at;

	if (layout == NULL)
		return (int)g_utf8_pointer_to_offset(field->text, field->text + index) *
		       theme_px(theme, DOT);
	pango_layout_get_cursor_pos(layout, (int)index, &at, NULL);
	return PANGO_PIXELS(at.x);
}

void field_click(Field *field, const Theme *theme, int x)
{
	x = MAX(x + field->scrolled, 0);
	if (field->hidden) {
		glong most = g_utf8_strlen(field->text, -1);
		glong n = (x + theme_px(theme, DOT) / 2) / theme_px(theme, DOT);

		field->caret =
			(gsize)(g_utf8_offset_to_pointer(field->text, MIN(n, most)) - field->text);
	} else {
		g_autoptr(PangoLayout) layout = visible(field, theme);
		int index, trailing;

		pango_layout_xy_to_index(layout, x * PANGO_SCALE, 0, &index, &trailing);
		field->caret = (gsize)index;
		if (trailing > 0)
			field->caret = after(field);
	}
}

static void draw_dots(const Field *field, const Theme *theme, cairo_t *cairo, double y)
{
	glong n = g_utf8_strlen(field->text, -1);
	double step = theme_px(theme, DOT);

	for (glong i = 0; i < n; i++) {
		cairo_new_sub_path(cairo);
		cairo_arc(cairo, (double)i * step + step / 2, y, 3.5 * theme->scale, 0, 2 * G_PI);
	}
	cairo_fill(cairo);
}

void field_draw(Field *field, const Theme *theme, cairo_t *cairo, int x, int y, int width,
		int height, gboolean focused)
{
	g_autoptr(PangoLayout) layout = field->hidden ? NULL : visible(field, theme);
	int caret = offset_of(field, theme, layout, field->caret);
	int line = theme_px(theme, TEXT_SIZE * 1.4), thick = MAX(theme_px(theme, 1.5), 1);

	/* As much to the left as the caret needs, and no empty room at the right. */
	field->scrolled = MIN(field->scrolled, caret);
	field->scrolled = MAX(field->scrolled, caret + thick - width);
	cairo_save(cairo);
	cairo_rectangle(cairo, x, y, width, height);
	cairo_clip(cairo);
	cairo_translate(cairo, x - field->scrolled, y);
	theme_ink(theme, cairo, INK_TEXT);
	if (field->hidden) {
		draw_dots(field, theme, cairo, height / 2.0);
	} else {
		int tall;

		pango_layout_get_pixel_size(layout, NULL, &tall);
		cairo_move_to(cairo, 0, theme_middle(height, tall));
		pango_cairo_show_layout(cairo, layout);
	}
	if (focused) {
		theme_ink(theme, cairo, INK_ACCENT);
		cairo_rectangle(cairo, caret, theme_middle(height, line), thick, line);
		cairo_fill(cairo);
	}
	cairo_restore(cairo);
}
