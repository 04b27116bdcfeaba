/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every form of a sample, other rates, and how far ahead of its listener sound may be. */
#include "sound.h"

#include <math.h>

#define NOTE 1000 /* Hz */
#define MS   G_TIME_SPAN_MILLISECOND

typedef struct {
	guint sample, channels;
	const char *bytes; /* of the frame 0x1234, -2; in hex */
} Form;

static void test_forms(void)
{
	static const Form forms[] = {
		{SOUND_U8, 2, "927f"},
		{SOUND_S8, 2, "12ff"},
		{SOUND_U16, 2, "3492fe7f"},
		{SOUND_S16, 2, "3412feff"},
		{SOUND_S16, 1, "1909"},
		{SOUND_U32, 2, "000034920000fe7f"},
		{SOUND_S32, 2, "000034120000feff"},
	};
	static const gint16 frame[] = {0x1234, -2};

	for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
		g_autoptr(GByteArray) out = g_byte_array_new();
		g_autoptr(GString) hex = g_string_new(NULL);
		Sound *sound = sound_new();

		g_assert_true(sound_want(sound, forms[i].sample, forms[i].channels, 44100));
		sound_convert(sound, frame, 1, 44100, out);
		for (guint k = 0; k < out->len; k++)
			g_string_append_printf(hex, "%02x", out->data[k]);
		g_assert_cmpstr(hex->str, ==, forms[i].bytes);
		sound_free(sound);
	}
}

static void test_no_forms(void)
{
	Sound *sound = sound_new();

	g_assert_false(sound_want(sound, SOUND_S32 + 1, 2, 44100));
	g_assert_false(sound_want(sound, SOUND_S16, 0, 44100));
	g_assert_false(sound_want(sound, SOUND_S16, 3, 44100));
	g_assert_false(sound_want(sound, SOUND_S16, 2, 0));
	g_assert_false(sound_want(sound, SOUND_S16, 2, 0xffffffff));
	sound_free(sound);
	sound_free(NULL);
}

/* A second of a note, in and out. */
static void check_rate(guint from, guint to)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autofree gint16 *frames = g_new(gint16, from * 2);
	Sound *sound = sound_new();
	const gint16 *made;
	guint n, rises = 0;

	for (guint i = 0; i < from; i++)
		frames[2 * i] = frames[2 * i + 1] =
			(gint16)(10000 * sin(2 * G_PI * NOTE * i / from));
	g_assert_true(sound_want(sound, SOUND_S16, 2, to));
	for (guint at = 0; at < from; at += 1000)
		sound_convert(sound, frames + (gsize)at * 2, MIN(1000, from - at), from, out);
	n = out->len / 4;
	made = (const gint16 *)(gpointer)out->data;
	g_assert_cmpuint(n, >, to - to / 100);
	g_assert_cmpuint(n, <=, to + 1);
	for (guint i = 1; i < n; i++)
		rises += made[2 * i - 2] < 0 && made[2 * i] >= 0;
	g_assert_cmpuint(rises, >=, NOTE - 15);
	g_assert_cmpuint(rises, <=, NOTE + 15);
	sound_free(sound);
}

static void test_rates(void)
{
	check_rate(48000, 48000);
	check_rate(44100, 48000);
	check_rate(48000, 44100);
	check_rate(SOUND_RATE_MIN, SOUND_RATE_MAX);
	check_rate(SOUND_RATE_MAX, SOUND_RATE_MIN);
}

static void test_no_rate(void)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	gint16 frames[200] = {0};
	Sound *sound = sound_new();

	sound_convert(sound, frames, 100, 0, out);
	sound_convert(sound, frames, 100, SOUND_RATE_MAX + 1, out);
	g_assert_cmpuint(out->len, ==, 0);
	g_assert_false(sound_may_go(sound, 100, 0, 0));
	sound_free(sound);
}

/* What comes in time goes; a burst only as far as SOUND_AHEAD_MS and the piece that reaches it. */
static void test_ahead(void)
{
	Sound *sound = sound_new();
	gint64 now = 5 * G_USEC_PER_SEC;
	guint went = 0;

	for (guint i = 0; i < 1000; i++, now += 10 * MS)
		g_assert_true(sound_may_go(sound, 480, 48000, now));
	for (guint i = 0; i < 1000; i++)
		went += sound_may_go(sound, 480, 48000, now);
	g_assert_cmpuint(went, >=, SOUND_AHEAD_MS / 10);
	g_assert_cmpuint(went, <=, SOUND_AHEAD_MS / 10 + 1);
	g_assert_false(sound_may_go(sound, 480, 48000, now + 9 * MS));
	g_assert_true(sound_may_go(sound, 480, 48000, now + 11 * MS));
	/* Silence uses it up. */
	g_assert_true(sound_may_go(sound, 480, 48000, now + 10 * G_USEC_PER_SEC));
	sound_free(sound);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sound/forms", test_forms);
	g_test_add_func("/sound/no-forms", test_no_forms);
	g_test_add_func("/sound/rates", test_rates);
	g_test_add_func("/sound/no-rate", test_no_rate);
	g_test_add_func("/sound/ahead", test_ahead);
	return g_test_run();
}
