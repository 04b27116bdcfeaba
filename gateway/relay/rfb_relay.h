/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb_relay: what relay_rfb.c, rfb_heed.c and rfb_handover.c share of a running relay. Private to
 * them. */
#pragma once

#include "relay/rfb_flow.h"
#include "rfb/rfb_units.h"
#include "session/session.h"

#define RFB_HELD_MAX 10 /* keys: as many as fingers */

/* Bytes at the front of a buffer on which we have decided. */
typedef struct {
	guint32 ready; /* may go out; behind them ...       */
	guint32 skip;  /* ... these may not; behind them ... */
	guint32 after; /* ... these may                     */
} RfbRun;

/* A key that the viewer holds down. */
typedef struct {
	guint32 keysym, code; /* code 0: it came as a plain KeyEvent */
} RfbKey;

/* What is true of one desktop and ends with it. */
typedef struct {
	RfbUnits units;
	unsigned features; /* RFB_FEATURE_* that it has announced                             */
	unsigned due;      /* of these: the viewer's last word is to be repeated to it        */
	guint8 streams;    /* zlib streams (bits) that it has begun                           */
} RfbRelayDesktop;

/* What the viewer said and saw, whatever desktop is below; the next desktop is told. */
typedef struct {
	RfbUnits units;
	unsigned features; /* RFB_FEATURE_* that it asked for                                  */
	guint8 streams;    /* zlib streams (bits) of which it has seen the beginning           */
	guint8 n_held;
	guint format_leaving : 1; /* the run to the desktop ends with its SetPixelFormat        */
	guint updated : 1;        /* the run to the viewer ends with the last byte of an update */
	guint audio_on : 1;
	guint8 format[RFB_PIXEL_FORMAT_SIZE];
	guint8 pointer[6];     /* its last PointerEvent, all 0 = none yet         */
	guint8 audio[10];      /* its last wish for a sample format, likewise     */
	guint16 width, height; /* of the screen that it sees; 0 = not known   */
	RfbKey *held;          /* RFB_HELD_MAX of them; NULL = none is held */
	guint8 *encodings;     /* its last SetEncodings, filtered; NULL = none yet */
	guint8 *size;          /* its last SetDesktopSize; NULL = none yet         */
	RfbFlow *flow;         /* NULL = it knows no ContinuousUpdates */
} RfbRelayViewer;

typedef struct {
	RfbRelayViewer viewer;
	RfbRelayDesktop desktop;
	RfbRun up, down;
} RfbRelay;
