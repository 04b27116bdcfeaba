/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scroll: see scroll.h. */
#include "scroll.h"

#include <string.h>

#define BYTES     4  /* a pixel                                            */
#define SAMPLE    16 /* pixels                                             */
#define RUN_LEAST 32 /* rows                                               */
#define SLOTS     (2 * SCROLL_MOST)
#define NONE      G_MAXUINT16
#define TWICE     (NONE - 1)

/* Where the samples of a row are, in 64ths of its width: text has its words at the left. */
static const int places[] = {1, 5, 10, 17, 28, 44};

/* The rows of before, by what their samples look like. */
typedef struct {
	guint64 looks[SLOTS];
	guint16 rows[SLOTS];            /* NONE: empty; TWICE: more than one looks so */
	guint16 votes[2 * SCROLL_MOST]; /* for each distance, + SCROLL_MOST           */
} Finder;

static guint64 look(const guint8 *row, int width)
{
	guint64 sum = 0, word;

	for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
		const guint8 *at = row + (gsize)(width * places[i] / 64) * BYTES;

		for (gsize k = 0; k < SAMPLE * BYTES; k += sizeof word) {
			memcpy(&word, at + k, sizeof word);
			sum = (sum ^ word) * 0x9e3779b97f4a7c15;
			sum ^= sum >> 29;
		}
	}
	return sum;
}

static guint slot_of(const Finder *finder, guint64 sum)
{
	guint slot = (guint)(sum >> 40) % SLOTS;

	while (finder->rows[slot] != NONE && finder->looks[slot] != sum)
		slot = (slot + 1) % SLOTS;
	return slot;
}

static void note_rows(Finder *finder, const ScrollRows *before, int width, int height)
{
	memset(finder->rows, 0xff, sizeof finder->rows);
	memset(finder->votes, 0, sizeof finder->votes);
	for (int y = 0; y < height; y++) {
		guint64 sum = look(before->pixels + y * before->stride, width);
		guint slot = slot_of(finder, sum);

		finder->rows[slot] = finder->rows[slot] == NONE ? (guint16)y : TWICE;
		finder->looks[slot] = sum;
	}
}

/* The distance that most rows tell of; 0 = too few. */
static int vote(Finder *finder, const ScrollRows *now, int width, int height)
{
	int best = 0, enough = MAX(8, height / 32);

	for (int y = 0; y < height; y++) {
		guint64 sum = look(now->pixels + y * now->stride, width);
		guint16 row = finder->rows[slot_of(finder, sum)];
		int distance = row < TWICE ? row - y : 0;

		if (distance != 0 && ++finder->votes[distance + SCROLL_MOST] >= enough) {
			enough = finder->votes[distance + SCROLL_MOST];
			best = distance;
		}
	}
	return best;
}

/* The longest run of rows that are the same, whole, at this distance. */
static void longest_run(const ScrollRows *before, const ScrollRows *now, int width, int height,
			int distance, Scroll *out)
{
	int first = MAX(0, -distance), end = height - MAX(0, distance), run = 0;

	*out = (Scroll){0};
	for (int y = first; y < end; y++) {
		gboolean same = memcmp(before->pixels + (y + distance) * before->stride,
				       now->pixels + y * now->stride, (gsize)width * BYTES) == 0;

		run = same ? run + 1 : 0;
		if (run > out->height)
			*out = (Scroll){y - run + 1 + distance, y - run + 1, run};
	}
}

gboolean scroll_find(const ScrollRows *before, const ScrollRows *now, int width, int height,
		     Scroll *out)
{
	g_autofree Finder *finder = NULL;
	Scroll found = {0};
	int distance;

	if (width < SCROLL_LEAST || height < SCROLL_LEAST || height > SCROLL_MOST)
		return FALSE;
	finder = g_new(Finder, 1);
	note_rows(finder, before, width, height);
	distance = vote(finder, now, width, height);
	if (distance != 0)
		longest_run(before, now, width, height, distance, &found);
	if (found.height < RUN_LEAST)
		return FALSE;
	*out = found;
	return TRUE;
}
