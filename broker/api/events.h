/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * events: server-sent events (HTML Living Standard, 9.2) for pages that want to stay up to date.
 * An event is the name of what has changed ("sessions", "desktops", "pools", "audit"); the page
 * asks again for what it shows, by calls that are guarded as ever. So a stream tells nobody's
 * secrets; still it ends after a few minutes, and coming back takes a login.
 */
#pragma once

#include <microhttpd.h>

#include "core.h"

typedef struct Events Events;

/* Begins to watch the core, which must outlive it. */
Events *events_new(Core *core);

/* A response that goes on until the stream's time is over or events_close(). The caller owns it;
 * the stream ends with it. NULL if there are too many. */
struct MHD_Response *events_response(Events *events, struct MHD_Connection *connection);

/* Ends all streams, and every later one at once. Their connections are resumed: libmicrohttpd may
 * be stopped once they have finished. */
void events_close(Events *events);

/* No stream may be left. Accepts NULL. */
void events_free(Events *events);
