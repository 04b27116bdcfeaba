/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * view: one page and the upper edge on a face's picture, the focus, and what the person does with
 * them. It draws only what has changed, once a turn of the loop, and nothing while nothing changes.
 */
#pragma once

#include "face.h"
#include "page.h"

typedef struct View View;

/* The person pressed something that is not the view's own business; the fields' texts are still
 * there (view_texts()). view_show() may be called from inside. */
typedef void (*ViewAct)(gpointer owner, Act act, guint index);

/* On a face's picture; both must outlive the view. layouts: the face tells scan codes, so the
 * person may choose a keyboard layout. */
View *view_new(const FaceOps *ops, Face *face, int width, int height, gboolean layouts, ViewAct act,
	       gpointer owner);
void view_free(View *view);

/* The page for the model; what was typed is wiped, but for the name of who signs in. */
void view_show(View *view, const Model *model);

/* The focus goes where there is something to be filled in. */
void view_refocus(View *view);

/* The broker was asked: the page waits. */
void view_wait(View *view);

/* A line below the upper edge, until it is NULL; with a button to put that off. */
void view_warn(View *view, const char *text, gboolean extend);

/* The fields of the page, in their order: secrets, for the caller to free one by one. */
char **view_texts(const View *view);

/* As FaceEvents has them. */
void view_key(View *view, guint32 keysym, guint32 scancode, gboolean down);
void view_pointer(View *view, int x, int y, guint buttons);
/* What a paste will put in. */
void view_clipboard(View *view, const char *text);
/* The picture has another size (and is black). */
void view_resized(View *view, int width, int height);
