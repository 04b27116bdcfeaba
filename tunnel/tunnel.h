/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tunnel: one end, as its own program (main.c has the picture). A thread for each connection;
 * signals are for the caller to block before.
 */
#pragma once

#include "options.h"

typedef struct Tunnel Tunnel;

/* Listens. FAULT_CONFIG. Borrows the options. */
Tunnel *tunnel_new(const Options *options, GError **error);
/* Serves until one of these signals comes (a descriptor of signalfd(2)). */
void tunnel_run(Tunnel *tunnel, int signals);
/* Takes the sockets away; connections end with the process. Accepts NULL. */
void tunnel_free(Tunnel *tunnel);
