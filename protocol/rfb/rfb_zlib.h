/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb_zlib: lets a viewer's zlib stream go on with the data of another desktop. Every rectangle
 * ends at a flush, so the viewer's inflater stands between two blocks and takes whatever block
 * comes next; only the two bytes with which a stream begins (RFC 1950) must not come a second time.
 * The check sum at its end never comes, since no stream ends. So neither side has to be told,
 * nothing is decoded, and Tight's reset bits, which one viewer in the field handles wrongly, are
 * not needed.
 */
#pragma once

#include "rfb_units.h"

/*
 * Takes the two bytes out of a whole rectangle that belongs to a stream (unit->stream >= 0): moves
 * what is before them up and makes its length smaller. Returns how many bytes at the front of the
 * rectangle are then not to be sent, 0 if there is no beginning of a stream in it.
 */
gsize rfb_zlib_strip(const RfbUnit *unit, RfbPixels pixels, guint8 *bytes);

/* The streams (bits) that a whole Tight rectangle tells the viewer to begin anew; it no longer does
 * so after this call. */
unsigned rfb_zlib_take_resets(const RfbUnit *unit, guint8 *bytes);
