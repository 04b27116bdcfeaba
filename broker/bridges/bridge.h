/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bridge: one of them: its process, and what the broker and it say to each other. Its table and its
 * thread are bridges.c's; private to that.
 */
#pragma once

#include "child.h"
#include "core_parts.h"
#include "desktops/seat.h"

typedef struct {
	Core *core;
	Child child;
	char *lease, *desktop, *password, *user;
	const char *source;
	int over; /* eventfd: readable when nobody is to be behind it any more */
} Bridge;

/* source: the protocol that the desktop is spoken to; static. */
Bridge *bridge_new(Core *core, const char *lease, const Seat *seat, const char *source,
		   const char *password);
void bridge_free(Bridge *bridge); /* accepts NULL; the process lives on */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bridge, bridge_free)

/* Starts its process, as `face`, with the variable `config` in its environment, and waits for the
 * desktop's first picture (seconds); *out_fd as below. Faults as bridges_dial()'s; then it wants
 * child_stop(). */
gboolean bridge_start(Bridge *bridge, const char *face, const char *config, int *out_fd,
		      GError **error);
/* A connection of its client's: *out_fd is the client's end, and the caller's. child: only its
 * descriptor is used. */
gboolean bridge_send_client(const Child *child, const char *face, const char *lease, int *out_fd,
			    GError **error);
/* The lease is there and on this desktop, which may be somebody else's by now. */
gboolean bridge_is_live(const Bridge *bridge, GError **error);

/* Answers until it has gone or nobody is to be behind it (TRUE), or `quit` can be read. */
gboolean bridge_serve(const Bridge *bridge, int quit);
/* It has gone or has to go: waits for its end. */
void bridge_stop(Bridge *bridge);
