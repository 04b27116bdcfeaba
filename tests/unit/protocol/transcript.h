/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transcript: the rule for every parser: bytes must give the same result whole, byte by byte, and
 * cut at every position. A test gives a function that feeds a fresh parser with the pieces it gets
 * and writes what the parser said as text; the texts must be equal.
 */
#pragma once

#include <glib.h>
#include <string.h>

typedef struct {
	const void *bytes;
	gsize n;
} Piece;

/* Feeds the pieces to a fresh parser; returns what it said (g_free()d here). */
typedef char *(*TranscriptRun)(const Piece *pieces, gsize n_pieces, gconstpointer data);

static inline void transcript_check(const void *bytes, gsize n, TranscriptRun run,
				    gconstpointer data, const char *expected)
{
	const guint8 *b = bytes;
	g_autofree Piece *single = g_new(Piece, n + 1);
	Piece whole = {b, n};
	g_autofree char *said = run(&whole, 1, data);

	g_assert_cmpstr(said, ==, expected);
	for (gsize i = 0; i < n; i++)
		single[i] = (Piece){b + i, 1};
	g_free(said);
	said = run(single, n, data);
	g_assert_cmpstr(said, ==, expected);
	for (gsize cut = 1; cut < n; cut++) {
		Piece halves[2] = {{b, cut}, {b + cut, n - cut}};

		g_free(said);
		said = run(halves, 2, data);
		g_assert_cmpstr(said, ==, expected);
	}
}
