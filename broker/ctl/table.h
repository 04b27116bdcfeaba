/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table: what the broker answers, for a terminal (printable.h): names come from strangers. */
#pragma once

#include "command.h"

/* An array of objects as aligned columns: the whole text, header first; columns in which no row
 * says anything are left out. g_free() it. */
char *table_format(const json_t *rows, const Column *columns);

/* Any JSON, as JSON over several lines, the last one's end with it. g_free() it. */
char *table_json(const json_t *json);
