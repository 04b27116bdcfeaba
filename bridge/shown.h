/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shown: the desktop's picture, and what of it the client sees. The source draws straight into the
 * face's picture; where the client cannot follow to another size, into one of our own, from which
 * what fits is copied.
 */
#pragma once

#include "face.h"

typedef struct {
	int width, height;           /* of the source's picture; 0 = there is none yet */
	int face_width, face_height; /* of the client's                                */
	guint32 *own;                /* NULL: it is drawn into the face's              */
} Shown;

/* The source's picture has this size from now on: where to draw it, good until the next call. */
guint32 *shown_resize(Shown *shown, const FaceOps *ops, Face *face, int width, int height);

/* This was drawn: *rect becomes what the client is to see of it. FALSE: nothing. */
gboolean shown_copy(const Shown *shown, const FaceOps *ops, Face *face, FaceRect *rect);

void shown_clear(Shown *shown);
