/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * core-fixture: a real core on a store of its own, with a provider and a PAM that are made up and
 * do what the test says. The provider's desktops outlive the core, as QEMU's do.
 */
#pragma once

#include "core_parts.h"
#include "fake-provider.h"
#include "fault.h"

typedef struct {
	Core *core;
	Options *options;
	CoreTimes times;
	char *dir;
} CoreFixture;

void core_fixture_setup(CoreFixture *f, gconstpointer unused);
void core_fixture_teardown(CoreFixture *f, gconstpointer unused);
/* Closes the core and opens it again on the same store. */
void core_fixture_restart(CoreFixture *f);
/* From here to there it looks after nothing by itself: what a test writes into the books is what
 * one that was killed has left. */
void core_fixture_rest(CoreFixture *f);

/* Image "tiny" and a pool of it, for everybody in group "staff". */
void core_fixture_pool(CoreFixture *f, const char *name, const char *kind, unsigned max,
		       unsigned spare);

/* A person of group "staff"; who_free(). */
Who *core_fixture_who(const char *user);
/* This user's desktops must be one. */
DesktopView *core_fixture_only_card(CoreFixture *f, const char *user);

/* A ticket for that card, and the id of the lease that it opens; ticket_free(), g_free(). */
Ticket *core_fixture_connect(CoreFixture *f, const char *user, const char *card,
			     const char *protocol);
char *core_fixture_redeem(CoreFixture *f, const Ticket *ticket, const char *protocol);
/* Floating pool "lab", and anna's lease of its one desktop; g_free(). */
char *core_fixture_lab(CoreFixture *f, Ticket **out_ticket);

/* Asserts that no ticket for that card is to be had, and why. */
void core_fixture_connect_fails(CoreFixture *f, const char *user, const char *card,
				const char *protocol, Fault code);

/* The state of the pool's n-th desktop ("" = there is none), as an admin sees it; g_free(). */
char *core_fixture_state(CoreFixture *f, unsigned n);
/* Waits (60 s at most) until that desktop is in that state; aborts if it never is. */
void core_fixture_await(CoreFixture *f, unsigned n, const char *state);
