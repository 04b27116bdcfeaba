/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bond: what ties the connections of one SPICE viewer together: the session id that its main
 * channel was told, by which each further channel finds us, and what proves that it may: the ticket
 * or the login that main brought. A viewer can be told no other id, so the bond stays the same when
 * its session goes on as another lease: from a lobby to a desktop, and back.
 *
 * Who brought nothing (and signs in on the screen of a lobby) is proven by the place it comes from.
 *
 * Gateways forget what a viewer brought. What they keep is the bond's word: it proves, for as long
 * as the viewer is connected and to whichever broker, that one of its channels has been there.
 */
#pragma once

#include "control/control.h"

typedef struct {
	guint32 client_id; /* 0: no SPICE session goes on under it */
	char *proof;       /* for the store: lease_proof.h; NULL = nothing can join */
	gboolean sealed;   /* key and seal are known */
	guint8 key[32];    /* random; never leaves memory */
	guint8 seal[32];   /* an HMAC of what main brought */
} Bond;

/* Both fields that a request fills: its proof (slow, of a password: hold no lock), and its seal. */
void bond_make(Bond *bond, const ControlMessage *request);
void bond_copy(Bond *to, const Bond *from);
void bond_clear(Bond *bond);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bond, bond_clear)

/* For the many channels that soon follow: quick. */
void bond_seal(Bond *bond, const ControlMessage *request);
/* True if the request carries the same; constant time. Only of a sealed one. */
gboolean bond_proven(const Bond *bond, const ControlMessage *request);

/* The word, which nobody finds who does not know the proof; the same after a restart, and at each
 * broker. secret_free() it; NULL: nothing can join. */
char *bond_word(guint32 client_id, const char *proof);
/* True if the request carries that word. */
gboolean bond_told(guint32 client_id, const char *proof, const ControlMessage *request);

/* True if the request carries the same, or the word: by the seal, or else, slowly, by the proof. */
gboolean bond_matches(const Bond *bond, const ControlMessage *request);
