/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * api: the broker's HTTP: the REST API under /api/v1 (docs/api.yaml), the portal's files and
 * /healthz. Two sockets: options.web, where gateways tunnel browsers' connections behind a PROXY
 * v2 header, and options.admin, where orielctl is known by its uid and needs no token.
 *
 * It owns its threads, its listeners and the logins that are under way. It never sees TLS, the
 * database or a desktop: whatever it does ends in a call of core.h or conversation.h.
 */
#pragma once

#include "core.h"

typedef struct Api Api;

/*
 * Opens both sockets (a stale one is replaced) and serves until api_stop(). core must outlive it.
 * FAULT_CONFIG if a socket cannot be bound or the web root cannot be read.
 */
Api *api_start(Core *core, GError **error);

/* Closes the listeners, waits for the requests in hand, frees. Accepts NULL. */
void api_stop(Api *api);
