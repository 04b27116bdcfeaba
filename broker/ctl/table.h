/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table: a JSON array of objects as aligned columns for people. */
#pragma once

#include "command.h"

/* The whole text, header first; columns in which no row says anything are left out. Characters
 * that could move a terminal's cursor are replaced: names come from strangers. g_free() it. */
char *table_format(const json_t *rows, const Column *columns);
