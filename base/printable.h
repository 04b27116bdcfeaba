/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * printable: words of strangers for a terminal. Nothing of what comes out moves its cursor (also
 * U+007F to U+009F) or turns its letters round.
 */
#pragma once

/* With "?" for each letter that cannot be printed, a line's end too. g_free() it. */
char *printable_text(const char *text);

/* The same JSON, in which such a letter stands by its number; what is laid out over several lines
 * stays so. g_free() it. */
char *printable_json(const char *json);
