/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb-viewer: a client of the VNC face that speaks RFB byte by byte (RFC 6143 and its community's
 * list of extensions), both in one main loop. What does not come fails the test after 30 seconds.
 */
#pragma once

#include "face.h"

#define WIDTH  64
#define HEIGHT 48

enum {
	RAW = 0,
	COPYRECT = 1,
	CURSOR = -239,
	DESKTOP_SIZE = -308,
	EXTENDED_KEYS = -258,
	SOUND = -259,
	LED_STATE = -261,
	EXTENDED_CLIPBOARD = -1063131698
};

typedef struct {
	Face *face;
	int fd;        /* the client's end */
	GString *said; /* what the client did, as the face tells it */
	gboolean follow;
} World;

extern const FaceEvents viewer_events;
/* Those of an owner that makes no sound. */
extern const FaceEvents viewer_still_events;

/* A face with those events, and the handshake of its client. */
void world_open_as(World *world, const FaceEvents *told);
void world_open(World *world);
void world_close(World *world);

/* Runs the loop until there is nothing to do. */
void spin(void);

void say(World *world, const void *bytes, gsize n);
/* The same in hex digits. */
void say_hex(World *world, const char *hex);
/* The next n bytes from the face, while it runs; valid until the next call. */
const guint8 *hear(World *world, gsize n);
guint16 u16(const guint8 *at);
gint32 s32(const guint8 *at);

/* The events so far, in words; forgets them. */
void expect(World *world, const char *said);

/* SetEncodings: raw, and these. */
void set_encodings(World *world, gsize n, const gint32 *encodings);
/* FramebufferUpdateRequest */
void ask(World *world, gboolean incremental, int width, int height);
/* One FramebufferUpdate of one rectangle; the head of it. */
FaceRect hear_rect(World *world, gint32 encoding);

/* The face's owner draws. */
void paint(World *world, const FaceRect *rect, guint32 colour);
