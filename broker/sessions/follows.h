/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * follows: of which SPICE viewers the main channels have moved lately, for a gateway that was
 * linked to no broker when it was told, or to one that died: their further channels wait there for
 * it (docs/protocol-control.md). For any thread.
 */
#pragma once

#include <glib.h>

#include "control/control.h"

#define FOLLOWS_SECONDS 20 /* a gateway is back sooner */
#define FOLLOWS_MOST    10 /* of one viewer in that time: a person does not choose as fast */

typedef struct Follows Follows;

Follows *follows_new(void);
void follows_free(Follows *follows);

/* A CONTROL_FOLLOW, in place of an earlier one of the same viewer. FALSE: there were FOLLOWS_MOST
 * of it, and nobody is to be told of more: its gateway makes them up. */
gboolean follows_note(Follows *follows, const ControlMessage *follow);

/* The last of each viewer, of ControlMessage; free it. */
GPtrArray *follows_recent(Follows *follows);
