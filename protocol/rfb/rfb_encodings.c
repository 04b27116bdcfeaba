/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb_encodings: see rfb_encodings.h. */
#include "rfb_encodings.h"

#include "rfb.h"

#include <string.h>

RfbShape rfb_shape(gint32 encoding)
{
	switch (encoding) {
	case RFB_RAW: return RFB_SHAPE_PIXELS;
	case RFB_COPY_RECT: return RFB_SHAPE_FOUR;
	case RFB_RRE: return RFB_SHAPE_RRE;
	case RFB_CORRE: return RFB_SHAPE_CORRE;
	case RFB_HEXTILE: return RFB_SHAPE_TILES;
	case RFB_ZLIB:
	case RFB_ZRLE:
	case RFB_ZYWRLE:
	case RFB_DESKTOP_NAME: return RFB_SHAPE_COUNTED;
	case RFB_TIGHT:
	case RFB_TIGHT_PNG: return RFB_SHAPE_TIGHT;
	case RFB_H264: return RFB_SHAPE_VIDEO;
	case RFB_CURSOR: return RFB_SHAPE_CURSOR;
	case RFB_XCURSOR: return RFB_SHAPE_XCURSOR;
	case RFB_CURSOR_ALPHA: return RFB_SHAPE_CURSOR_ALPHA;
	case RFB_VMWARE_CURSOR: return RFB_SHAPE_VMWARE_CURSOR;
	case RFB_VMWARE_CURSOR_STATE: return RFB_SHAPE_TWO;
	case RFB_VMWARE_LED_STATE: return RFB_SHAPE_FOUR;
	case RFB_LED_STATE: return RFB_SHAPE_ONE;
	case RFB_EXT_DESKTOP_SIZE: return RFB_SHAPE_SCREENS;
	case RFB_DESKTOP_SIZE:
	case RFB_LAST_RECT:
	case RFB_POINTER_POS:
	case RFB_QEMU_POINTER:
	case RFB_QEMU_EXT_KEY:
	case RFB_QEMU_EXT_AUDIO:
	case RFB_VMWARE_CURSOR_POSITION: return RFB_SHAPE_EMPTY;
	default: return RFB_SHAPE_UNKNOWN;
	}
}

unsigned rfb_feature(gint32 encoding)
{
	switch (encoding) {
	case RFB_QEMU_EXT_KEY: return RFB_FEATURE_EXT_KEY;
	case RFB_QEMU_EXT_AUDIO: return RFB_FEATURE_AUDIO;
	case RFB_XVP_WANTED: return RFB_FEATURE_XVP;
	case RFB_EXT_DESKTOP_SIZE: return RFB_FEATURE_SIZE;
	case RFB_EXT_CLIPBOARD: return RFB_FEATURE_CLIPBOARD;
	case RFB_FENCE_WANTED: return RFB_FEATURE_FENCE;
	case RFB_CONTINUOUS_WANTED: return RFB_FEATURE_CONTINUOUS;
	default: return 0;
	}
}

/* Numbers that have no rectangle: wishes about quality, and what is answered by a message. */
static gboolean is_wish(gint32 encoding)
{
	return (encoding >= -32 && encoding <= -23) ||   /* JPEG quality          */
	       (encoding >= -256 && encoding <= -247) || /* compression level     */
	       (encoding >= -512 && encoding <= -412) || /* finer JPEG quality    */
	       (encoding >= -768 && encoding <= -763) || /* chroma subsampling    */
	       encoding == RFB_XVP_WANTED || encoding == RFB_EXT_CLIPBOARD;
}

unsigned rfb_encodings_filter(guint8 *list, unsigned n, unsigned *out_features)
{
	guint32 kept[RFB_ENCODINGS_MAX];
	unsigned n_kept = 0, features = 0;

	for (unsigned i = 0; i < n && n_kept < RFB_ENCODINGS_MAX; i++) {
		gint32 encoding = (gint32)rfb_u32(list + 4 * (gsize)i);
		guint32 wire;
		unsigned k;

		features |= rfb_feature(encoding);
		if (rfb_shape(encoding) == RFB_SHAPE_UNKNOWN && !is_wish(encoding))
			continue;
		memcpy(&wire, list + 4 * (gsize)i, 4);
		for (k = 0; k < n_kept && kept[k] != wire; k++)
			;
		if (k < n_kept)
			continue;
		kept[n_kept++] = wire;
	}
	if (n_kept > 0)
		memcpy(list + 4 * (gsize)(n - n_kept), kept, 4 * (gsize)n_kept);
	*out_features = features;
	return n_kept;
}
