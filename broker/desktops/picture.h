/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * picture: what a desktop's screen shows, small, for the console. QEMU writes it into a file of its
 * own (screendump); who owns QEMU chooses every byte of that file, so it is read as a stranger's: a
 * plain file of a bounded size in one strict format, made small, and written anew as PNG.
 */
#pragma once

#include <glib.h>

#define PICTURE_WIDTH 320 /* at most; the height follows */

/* A binary PPM (P6, 8 bits), made small, as PNG. FAULT_DESKTOP if it is none. */
GBytes *picture_from_ppm(const void *bytes, gsize n, GError **error);
