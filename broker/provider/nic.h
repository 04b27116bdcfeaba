/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nic: a desktop's network card, the broker's side: which address it has, and the descriptor that
 * carries its frames. That comes from a process with the rights that neither broker nor QEMU has
 * (oriel-nic.c, docs/protocol-nic.md), over its socket: one connection, one card.
 *
 * What network a card is at is a text: "none", "user" (a private network behind this machine, by
 * passt) or "bridge:NAME" (this machine's bridge of that name).
 */
#pragma once

#include <glib.h>

#define NIC_SECONDS 15 /* for a card to be made */

/* FAULT_CONFIG: it is none of the three. */
gboolean nic_network_ok(const char *network, GError **error);
/* Whether there is to be a card. NULL is "none". */
gboolean nic_wanted(const char *network);
/* Part of the text: the bridge, at which a card is a tap device; NULL: its frames go as a stream,
 * each behind its length, or there is none. */
const char *nic_bridge(const char *network);

/* The address (g_free) of this desktop's card: the same for ever, locally administered, made of the
 * id, which is no other desktop's. */
char *nic_mac(const char *desktop_id);

/* Asks at the socket for a card; nic_take() waits for it, and others may do something meanwhile.
 * A connection, the caller's, or -1. FAULT_CONFIG, FAULT_DESKTOP: nobody listens there. */
int nic_ask(const char *socket, const char *network, gint64 deadline, GError **error);
/* Takes the connection. What carries the card's frames, the caller's, or -1. FAULT_DESKTOP: there
 * is no such card to be had, FAULT_TIMEOUT. */
int nic_take(int connection, const char *network, gint64 deadline, GError **error);
