/* SPDX-License-Identifier: GPL-3.0-or-later */
/* desktop_step: how the steps of desktop.h begin and end, wherever they stand. */
#pragma once

#include "core_parts.h"

/* Monotonic: of a step that begins now. */
gint64 desktop_deadline(const Core *core);

/* The step's end: its state, or "failed" and why. Takes step_error; FALSE if there was one. */
gboolean desktop_settle(Core *core, const char *id, const char *state, GError *step_error,
			GError **error);
