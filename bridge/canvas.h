/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * canvas: the picture of a source whose library draws into a buffer of its own (SPICE, RDP). What
 * changed there is copied into the client's picture once a turn of the loop, and not before the
 * client has taken what it was sent. What was only scrolled is told as that.
 */
#pragma once

#include "source.h"

typedef struct Canvas Canvas;

/* n pixels of the library's as 0x00RRGGBB. */
typedef void (*CanvasRow)(guint32 *to, const guint8 *from, int n);

typedef struct {
	const guint8 *pixels; /* NULL: there is no picture now */
	gssize stride;        /* bytes                         */
	guint bytes;          /* a pixel                       */
	CanvasRow row;        /* NULL: they are that already   */
} CanvasFrom;

/* events' picture, changed, scrolled and full are used. */
Canvas *canvas_new(const SourceEvents *events, gpointer owner);
/* Accepts NULL. */
void canvas_free(Canvas *canvas);

/* A picture of this size, of which all has changed. FALSE: it is too large; there is none. */
gboolean canvas_open(Canvas *canvas, const CanvasFrom *from, int width, int height);
/* The library's buffer goes away. */
void canvas_close(Canvas *canvas);

/* This was drawn; cut to the picture. FALSE: there is nothing of it to be seen. */
gboolean canvas_damage(Canvas *canvas, FaceRect rect);

/* As SourceOps.go_on(). */
void canvas_go_on(Canvas *canvas);
