/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * turns: one step at a time for each desktop, here and among brokers.
 */
#pragma once

#include "core_parts.h"

typedef struct {
	Turns *turns; /* NULL = not taken */
	Db *db;
	char *id;
} Turn;

Turns *turns_new(void);
void turns_free(Turns *turns);

/* Waits for the desktop's turn until that monotonic time; FAULT_TIMEOUT, and a Turn
 * without turns. */
Turn turn_take(Core *core, const char *id, gint64 deadline, GError **error);
void turn_clear(Turn *turn);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Turn, turn_clear)
