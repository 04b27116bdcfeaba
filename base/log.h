/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log: one line per event, with the fields of the session or request it belongs to. To journald
 * (as journal fields) when standard error is its stream, else to standard error as
 * "2026-01-31T10:00:00.123Z info gateway step=relay user=anna ...: message".
 *
 * Only owners of a connection or request log; library code returns faults. Field values that came
 * from a peer are escaped here; no secret may be a value or an argument.
 */
#pragma once

#include <glib.h>

/* What a line is about; a NULL or empty field is left out. Owned by the caller. */
typedef struct {
	const char *session;
	const char *user;
	const char *peer;
	const char *desktop;
	const char *step;
} LogContext;

/* Names the process in each line; `debug` lets debug lines through. Call first in main(). */
void log_init(const char *process, gboolean debug);

void log_write(GLogLevelFlags level, const LogContext *context, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

/* ctx is a LogContext pointer or NULL. error: we broke a promise. warning: an admin should look.
 * info: a person did something. debug is free. */
#define log_error(ctx, ...)   log_write(G_LOG_LEVEL_CRITICAL, ctx, __VA_ARGS__)
#define log_warning(ctx, ...) log_write(G_LOG_LEVEL_WARNING, ctx, __VA_ARGS__)
#define log_info(ctx, ...)    log_write(G_LOG_LEVEL_INFO, ctx, __VA_ARGS__)
#define log_debug(ctx, ...)                                             \
	do {                                                            \
		if (log_debugging)                                      \
			log_write(G_LOG_LEVEL_DEBUG, ctx, __VA_ARGS__); \
	} while (0)

extern gboolean log_debugging;
