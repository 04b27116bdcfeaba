/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outbox: messages to the broker that cannot be sent, or cannot be forgotten yet, oldest first,
 * each under its id. Embedded: zeroed memory is an empty one.
 */
#pragma once

#include "control/control.h"

typedef struct {
	guint64 id;
	guint64 until;     /* loop time in ms; the owner's own matter */
	GByteArray *bytes; /* may hold a secret */
} OutboxItem;

typedef struct {
	GQueue items; /* of OutboxItem */
} Outbox;

/* Encodes it; its id is set. */
void outbox_add(Outbox *outbox, const ControlMessage *message, guint64 until);
guint outbox_length(const Outbox *outbox);
/* FALSE: there is none of that id. Quick for the oldest, as acknowledgements come in order. */
gboolean outbox_remove(Outbox *outbox, guint64 id);
/* The oldest, NULL = none. Borrowed; outbox_take()'s is the caller's, for outbox_item_free(). */
const OutboxItem *outbox_first(const Outbox *outbox);
OutboxItem *outbox_take(Outbox *outbox);
void outbox_clear(Outbox *outbox);

/* Wipes; accepts NULL. */
void outbox_item_free(OutboxItem *item);
