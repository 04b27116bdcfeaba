/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paper: a face without a client, for tests: a picture in memory, and the client's part played by
 * the test. */
#pragma once

#include "face.h"

extern const FaceOps face_paper;

/* The one that was opened last. */
typedef struct {
	int width, height;
	guint32 *pixels;
	unsigned damaged; /* pixels, since the test set it to 0 */
	gboolean follows; /* resize() works */
	const FaceEvents *events;
	gpointer owner;
} Paper;
extern Paper paper;
