/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theme: see theme.h. */
#include "theme.h"

#include <math.h>
#include <string.h>

#include "brand.h"

/* The portal's, but in the last look. Each text has a contrast of at least 4.5 to its ground (WCAG
 * AA); in the last look, 7 and more. */
static const guint32 inks[LOOKS][INKS] = {
	[LOOK_LIGHT] = {[INK_PAGE] = BRAND_LIGHT_GROUND,
			[INK_CARD] = BRAND_LIGHT_SURFACE,
			[INK_TEXT] = BRAND_LIGHT_TEXT,
			[INK_MUTED] = BRAND_LIGHT_SOFT,
			[INK_LINE] = BRAND_LIGHT_LINE,
			[INK_EDGE] = BRAND_LIGHT_EDGE,
			[INK_FIELD] = BRAND_LIGHT_GROUND,
			[INK_ACCENT] = BRAND_LIGHT_ACCENT,
			[INK_ACCENT_HOVER] = BRAND_LIGHT_ACCENT_STRONG,
			[INK_ON_ACCENT] = BRAND_LIGHT_ON_ACCENT,
			[INK_HOVER] = BRAND_LIGHT_SUNKEN,
			[INK_ERROR] = BRAND_LIGHT_BAD,
			[INK_ERROR_BACK] = BRAND_LIGHT_BAD_TINT,
			[INK_NOTICE] = BRAND_LIGHT_ACCENT_STRONG,
			[INK_NOTICE_BACK] = BRAND_LIGHT_TINT},
	[LOOK_DARK] = {[INK_PAGE] = BRAND_DARK_GROUND,
		       [INK_CARD] = BRAND_DARK_SURFACE,
		       [INK_TEXT] = BRAND_DARK_TEXT,
		       [INK_MUTED] = BRAND_DARK_SOFT,
		       [INK_LINE] = BRAND_DARK_LINE,
		       [INK_EDGE] = BRAND_DARK_EDGE,
		       [INK_FIELD] = BRAND_DARK_GROUND,
		       [INK_ACCENT] = BRAND_DARK_ACCENT,
		       [INK_ACCENT_HOVER] = BRAND_DARK_ACCENT_STRONG,
		       [INK_ON_ACCENT] = BRAND_DARK_ON_ACCENT,
		       [INK_HOVER] = BRAND_DARK_SUNKEN,
		       [INK_ERROR] = BRAND_DARK_BAD,
		       [INK_ERROR_BACK] = BRAND_DARK_BAD_TINT,
		       [INK_NOTICE] = BRAND_DARK_ACCENT_STRONG,
		       [INK_NOTICE_BACK] = BRAND_DARK_TINT},
	[LOOK_CONTRAST] = {[INK_PAGE] = 0x000000,
			   [INK_CARD] = 0x000000,
			   [INK_TEXT] = 0xffffff,
			   [INK_MUTED] = 0xffffff,
			   [INK_LINE] = 0xffffff,
			   [INK_EDGE] = 0xffffff,
			   [INK_FIELD] = 0x000000,
			   [INK_ACCENT] = 0xffe000,
			   [INK_ACCENT_HOVER] = 0xffffff,
			   [INK_ON_ACCENT] = 0x000000,
			   [INK_HOVER] = 0x303030,
			   [INK_ERROR] = 0xffffff,
			   [INK_ERROR_BACK] = 0x8c0000,
			   [INK_NOTICE] = 0xffffff,
			   [INK_NOTICE_BACK] = 0x002a70},
};

void theme_init(Theme *theme)
{
	cairo_font_options_t *options = cairo_font_options_create();

	memset(theme, 0, sizeof *theme);
	theme->scale = 1;
	theme->pango = pango_font_map_create_context(pango_cairo_font_map_get_default());
	/* Grey, whole pixels: few colours compress well. */
	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
	pango_cairo_context_set_font_options(theme->pango, options);
	cairo_font_options_destroy(options);
}

void theme_clear(Theme *theme)
{
	g_clear_object(&theme->pango);
}

/* 1 up to a full HD picture, then by what a person with such a picture uses (1.5 at 1440 rows, 2 at
 * 2160); the text sizes on top of that. */
void theme_fit(Theme *theme, int width, int height)
{
	static const double text[TEXT_STEPS] = {1, 1.25, 1.5};
	double rows = MIN(height / 1080.0, width / 1600.0);
	double base = rows < 1.2 ? 1 : floor(MIN(rows, 3) * 4) / 4;

	theme->scale = base * text[theme->text_step];
}

int theme_px(const Theme *theme, double logical)
{
	return (int)lround(logical * theme->scale);
}

const char *theme_look_name(const Theme *theme)
{
	static const char *const names[LOOKS] = {"Colours: light", "Colours: dark",
						 "Colours: high contrast"};

	return names[theme->look];
}

const char *theme_text_name(const Theme *theme)
{
	static const char *const names[TEXT_STEPS] = {"Text: normal", "Text: large",
						      "Text: larger"};

	return names[theme->text_step];
}

void theme_ink(const Theme *theme, cairo_t *cairo, Ink ink)
{
	guint32 colour = inks[theme->look][ink];

	cairo_set_source_rgb(cairo, (colour >> 16) / 255.0, (colour >> 8 & 0xff) / 255.0,
			     (colour & 0xff) / 255.0);
}

PangoLayout *theme_layout(const Theme *theme, const char *text, double size, gboolean bold,
			  int width, unsigned lines)
{
	PangoLayout *layout = pango_layout_new(theme->pango);
	PangoFontDescription *font = pango_font_description_from_string("Sans");

	pango_font_description_set_absolute_size(font, size * theme->scale * PANGO_SCALE);
	if (bold)
		pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
	pango_layout_set_font_description(layout, font);
	pango_font_description_free(font);
	pango_layout_set_text(layout, text, -1);
	if (width > 0) {
		pango_layout_set_width(layout, width * PANGO_SCALE);
		pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	}
	if (lines > 0) {
		pango_layout_set_height(layout, -(int)lines);
		pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
	}
	pango_layout_set_single_paragraph_mode(layout, lines == 1);
	return layout;
}

void theme_round(cairo_t *cairo, double x, double y, double width, double height, double radius)
{
	radius = MIN(radius, MIN(width, height) / 2);
	cairo_new_sub_path(cairo);
	cairo_arc(cairo, x + width - radius, y + radius, radius, -G_PI / 2, 0);
	cairo_arc(cairo, x + width - radius, y + height - radius, radius, 0, G_PI / 2);
	cairo_arc(cairo, x + radius, y + height - radius, radius, G_PI / 2, G_PI);
	cairo_arc(cairo, x + radius, y + radius, radius, G_PI, 3 * G_PI / 2);
	cairo_close_path(cairo);
}
