/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maintainer: what nobody asks for and must happen all the same. One thread that sleeps until
 * something changes or falls due, and jobs.h for the slow steps that it finds:
 *
 *   leases without a picture end; holds end, and what was used is reset; pools get their spares;
 *   desktops that stopped by themselves are written down; spent tickets and old logins go.
 */
#pragma once

#include "core_parts.h"
#include "provider/provider.h"

Maintainer *maintainer_new(Core *core); /* which must outlive it */
void maintainer_start(Maintainer *maintainer);
/* Long waits give up from now on: maintainer_stopping(). */
void maintainer_quit(Maintainer *maintainer);
/* Quits and waits for the steps in hand; afterwards events are ignored. Accepts NULL. */
void maintainer_stop(Maintainer *maintainer);
void maintainer_free(Maintainer *maintainer);

/* Something changed: it looks now, and so do those of the other brokers. */
void maintainer_wake(Maintainer *maintainer);
/* The same, here alone. */
void maintainer_look(Maintainer *maintainer);
/* True once it was told to stop: long waits give up. */
gboolean maintainer_stopping(Maintainer *maintainer);
/* For providers: a ProviderEvent with the maintainer as user_data. */
void maintainer_on_event(const char *desktop_id, ProviderState state, gpointer maintainer);
