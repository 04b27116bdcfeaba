/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lease_proof: what the store keeps of that which opened a lease, so that a further channel can be
 * let in by a broker that did not see it: after a restart, or another one on the same database.
 *
 *   ticket$SHA256                  of a ticket: 256 random bits need no salt
 *   password$SALT$PBKDF2           of user and password, slow on purpose: whoever reads the
 *                                  database learns no password from it
 *   place$SALT$SHA256              of an empty ticket: the address that it came from. The salt is
 *                                  for the display's password, which is made from the proof
 */
#pragma once

#include "control/control.h"

/* g_free() it; NULL of a request with neither, which nothing can join. Of a password it takes tens
 * of milliseconds: hold no lock. */
char *lease_proof(const ControlMessage *request);
/* True if the request carries the same; as slow. proof NULL matches nothing. */
gboolean lease_proof_matches(const char *proof, const ControlMessage *request);

/* True if all that it proves is the place that a request comes from. */
gboolean lease_proof_of_place(const char *proof);

/* Where a request with an empty ticket comes from, as limits count places; NULL of all others. */
char *lease_proof_place(const ControlMessage *request);
