/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * place: a driver's own directory, with one directory for each desktop:
 *
 *   DIR/desktops/ID/identity       the UUID of the overlay; written last, removed first: without
 *                                  it there is no desktop, whatever else lies there
 *   DIR/desktops/ID/qemu           where its QEMU works
 *   DIR/desktops/ID/qemu/overlay.qcow2  what the desktop has written, on top of its golden image
 *   DIR/desktops/ID/template       an instant clone: the name of the template whose disk lies below
 *                                  its overlay
 *   DIR/desktops/ID/unproven       ... that nobody may have yet: it has not said who it is
 *   DIR/desktops/ID/random         ... what its kernel made of chance when it had become somebody
 *
 * All 0700. QEMU writes to ID/qemu alone (qemu_rules.h): what is known about a desktop lies
 * outside, where who has taken over its QEMU cannot forge it. (Without Landlock they can: links are
 * not followed there either.) What cannot be removed with the rest ends up in DIR/aside. It starts
 * nothing but qemu-img.
 */
#pragma once

#include "provider.h"

/* [a-z0-9-], 1 to 64: it becomes a file name. FAULT_BUG if not. */
gboolean place_check_id(const char *id, GError **error);

/* Makes DIR and DIR/desktops. FAULT_CONFIG. */
gboolean place_open(const char *dir, GError **error);

/* DIR/desktops/ID (g_free). */
char *place_of(const char *dir, const char *id);

/* The image has a disk or a kernel, its files are readable and its numbers possible. FAULT_CONFIG.
 */
gboolean place_check_image(const ProviderImage *image, GError **error);
/* The same of one that may have neither: a template says what boots. */
gboolean place_check_template(const ProviderImage *image, GError **error);

/* "qcow2" or "raw": from the first bytes of the file, which an admin has made.
 * NULL, FAULT_CONFIG. */
const char *place_disk_format(const char *disk, GError **error);

/* A fresh overlay on the disk, in place of whatever was there, which is not followed if it is a
 * link. FAULT_CONFIG, FAULT_DESKTOP. */
gboolean place_overlay(const char *path, const char *disk, GError **error);

/* Throws away what was there and puts a fresh overlay (if the image has a disk) and a fresh
 * identity in its place; with a template no overlay, which its first start makes, and "unproven".
 * Nobody may run on it. FAULT_CONFIG, FAULT_DESKTOP (qemu-img). */
gboolean place_renew(const char *dir, const char *id, const ProviderImage *image,
		     const char *template, char **out_identity, GError **error);

/* The name of its template (g_free), or NULL. */
char *place_template(const char *dir, const char *id);
/* Whether it has yet to say who it is. */
gboolean place_unproven(const char *dir, const char *id);
/* It has said it, and that random word, which no other may say. */
gboolean place_proven(const char *dir, const char *id, const char *random, GError **error);
/* The random word (g_free), or NULL: it has said none. */
char *place_random(const char *dir, const char *id);

/* The identity (g_free), or NULL if there is no such desktop. */
char *place_identity(const char *dir, const char *id);

/* Removes every trace. FAULT_DESKTOP. */
gboolean place_remove(const char *dir, const char *id, GError **error);

/* The ids of all directories, whole or not (g_free each). FAULT_CONFIG. */
GPtrArray *place_list(const char *dir, GError **error);
