/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake-provider: providers "qemu" and "machine" that are made up and do what the test says. Their
 * desktops outlive the core, as QEMU's do.
 */
#pragma once

#include "provider/provider.h"

/* What the made-up provider does. Atomic: tests write while threads read. */
typedef struct {
	int fail_clone, fail_start, fail_display, fail_reset; /* fail while > 0 */
	int fail_instant;                                     /* the same, starts of copies alone */
	int fail_snapshot;
	int same_identity;                    /* a reset that resets nothing */
	int clones, starts, resets, destroys; /* how often they were called */
	int adopts, moves;                    /* a desktop that another host made; while it runs */
	int late_display; /* so often the display does not come in the time it is given */
	int short_lived;  /* so often a desktop ends when its display has just come */
	int slow_ms;      /* each step takes this long */
	int steps, most;  /* at once: now, and ever */
	int overlaps;     /* two steps for one desktop at once: must stay 0 */
	int screens;      /* pictures that were taken */
	int templates;    /* of instant clones, that are there */
	/* Meanwhile: what happens while a picture is being taken; NULL = nothing. Not atomic. */
	void (*on_screen)(const char *id, gpointer data);
	gpointer on_screen_data;
} FakeProvider;
extern FakeProvider fake;

/* No desktops, no troubles; and at the end, after the last core was closed. */
void fake_begin(void);
void fake_end(void);

/* The provider's view of a desktop; PROVIDER_ABSENT if it has none. */
ProviderState fake_state(const char *id);
/* What is on its disk, after writing that to it (0 = writing nothing), and how many snapshots it
 * has. */
int fake_content(const char *id, int content);
unsigned fake_snapshots(const char *id);
/* It stops by itself; the core is told. */
void fake_crash(const char *id);
/* Puts one there that no book knows. */
void fake_plant(const char *id);
unsigned fake_count(void);
/* The made-up host of that uri answers no more; NULL = all do. */
void fake_dead(const char *uri);
