/* SPDX-License-Identifier: GPL-3.0-or-later */
/* copy: one file's bytes into another, holes left out. */
#pragma once

#include <glib.h>

/* Copies all of `in`, wherever it stands, to the beginning of the empty `out`, which gets the same
 * length. FALSE: errno says why. */
gboolean copy_file(int in, int out);
