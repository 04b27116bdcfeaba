/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scroll: finds by how much an area was scrolled up or down, from what it showed before and what it
 * shows now. Rows are told apart by a few pixels of each; only what these agree on is compared as a
 * whole. So it costs little where nothing was scrolled, and never says so where it was not.
 */
#pragma once

#include <glib.h>

#define SCROLL_LEAST 64   /* pixels: areas smaller than that, either way, are not looked at */
#define SCROLL_MOST  4096 /* rows */

/* Rows of an area, `stride` bytes apart, of 32 bits a pixel. */
typedef struct {
	const guint8 *pixels;
	gssize stride;
} ScrollRows;

typedef struct {
	int from, to, height; /* so many rows that began at `from` before begin at `to` now */
} Scroll;

/* The largest part that has moved, whole rows of the area. FALSE: none worth it. */
gboolean scroll_find(const ScrollRows *before, const ScrollRows *now, int width, int height,
		     Scroll *out);
