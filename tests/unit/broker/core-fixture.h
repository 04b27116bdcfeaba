/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * core-fixture: a real core on a store of its own, with a provider and a PAM that are made up and
 * do what the test says. The provider's desktops outlive the core, as QEMU's do.
 */
#pragma once

#include "core_parts.h"
#include "provider/provider.h"

typedef struct {
	Core *core;
	Options *options;
	CoreTimes times;
	char *dir;
} CoreFixture;

/* What the made-up provider does. Atomic: tests write while threads read. */
typedef struct {
	int fail_clone, fail_start, fail_display, fail_reset; /* fail while > 0 */
	int fail_instant;                                     /* the same, starts of copies alone */
	int fail_snapshot;
	int same_identity;                                    /* a reset that resets nothing */
	int clones, starts, resets, destroys;                 /* how often they were called */
	int adopts, moves;    /* a desktop that another host made; while it runs */
	int late_display; /* so often the display does not come in the time it is given */
	int slow_ms;                                          /* each step takes this long */
	int steps, most;                                      /* at once: now, and ever */
	int overlaps; /* two steps for one desktop at once: must stay 0 */
} FakeProvider;
extern FakeProvider fake;

void core_fixture_setup(CoreFixture *f, gconstpointer unused);
void core_fixture_teardown(CoreFixture *f, gconstpointer unused);
/* Closes the core and opens it again on the same store. */
void core_fixture_restart(CoreFixture *f);

/* Image "tiny" and a pool of it, for everybody in group "staff". */
void core_fixture_pool(CoreFixture *f, const char *name, const char *kind, unsigned max,
	unsigned spare);

/* A person of group "staff"; who_free(). */
Who *core_fixture_who(const char *user);

/* A ticket for that card, and the id of the lease that it opens; ticket_free(), g_free(). */
Ticket *core_fixture_connect(CoreFixture *f, const char *user, const char *card,
	const char *protocol);
char *core_fixture_redeem(CoreFixture *f, const Ticket *ticket, const char *protocol);

/* The provider's view of a desktop; PROVIDER_ABSENT if it has none. */
ProviderState fake_state(const char *id);
/* What is on its disk, after writing that to it (0 = writing nothing), and how many snapshots it has. */
int fake_content(const char *id, int content);
unsigned fake_snapshots(const char *id);
/* It stops by itself; the core is told. */
void fake_crash(const char *id);
/* Puts one there that no book knows. */
void fake_plant(const char *id);
unsigned fake_count(void);
/* The made-up host of that uri answers no more; NULL = all do. */
void fake_dead(const char *uri);

/* The state of the pool's n-th desktop ("" = there is none), as an admin sees it; g_free(). */
char *core_fixture_state(CoreFixture *f, unsigned n);
/* Waits (at most 10 s) until that desktop is in that state; aborts if it never is. */
void core_fixture_await(CoreFixture *f, unsigned n, const char *state);
