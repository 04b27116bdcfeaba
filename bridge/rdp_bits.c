/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rdp_bits: see rdp_bits.h. */
#include "rdp_bits.h"

#include <glib.h>

#include <freerdp/codecs.h>
#include <freerdp/gdi/gdi.h>

static pSurfaceBits draw; /* the library's */

static gboolean fits(const rdpGdi *gdi, const SURFACE_BITS_COMMAND *bits)
{
	const TS_BITMAP_DATA_EX *picture = &bits->bmp;

	if (picture->codecID == RDP_CODEC_ID_NSCODEC)
		return bits->destLeft + picture->width <= (UINT32)gdi->width &&
		       bits->destTop + picture->height <= (UINT32)gdi->height;
	return picture->codecID != RDP_CODEC_ID_NONE ||
	       (bits->destRight - bits->destLeft <= picture->width &&
		bits->destBottom - bits->destTop <= picture->height);
}

static BOOL on_bits(rdpContext *context, const SURFACE_BITS_COMMAND *bits)
{
	return fits(context->gdi, bits) && draw(context, bits);
}

void rdp_bits_guard(rdpUpdate *update)
{
	draw = update->SurfaceBits;
	update->SurfaceBits = on_bits;
}
