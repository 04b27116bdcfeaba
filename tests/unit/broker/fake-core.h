/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake-core: a broker's core and a PAM conversation for the API's tests: people, desktops and
 * answers are fixed, and what was called is written down.
 *
 *   anna  password "secret"                       in at once; has the desktop d-1 and p-1
 *   otto  password "secret", then code "123456"   asked for a one-time code
 *   eva   password "secret", then a new one       told that it is expired, asked twice
 *   root  password "secret"                       an admin
 */
#pragma once

#include "core.h"

Core *fake_core_new(Options *options);
void fake_core_free(Core *core);

/* The changing calls so far, one line each ("admin pool_add demo floating"); "" if none. */
const char *fake_core_calls(Core *core);
void fake_core_forget(Core *core);
void fake_core_note(Core *core, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* What core_watch() was given is told that this has changed. */
void fake_core_tell(Core *core, unsigned what);
void fake_core_watch(Core *core, CoreTold told, gpointer data);

/* What core_healthy() says; NULL = healthy. */
void fake_core_sicken(Core *core, const char *detail);

/* core_connect() blocks while held; fake_core_await() returns once n calls are blocked so. */
void fake_core_hold(Core *core, gboolean hold);
void fake_core_await(Core *core, unsigned n);

/* Conversations that exist right now. */
unsigned fake_conversations(void);
