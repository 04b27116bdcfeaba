/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lobbies: the places where people at native viewers sign in, choose, wait, and come back to. To a
 * gateway a lobby is a desktop like any other, with a lease of its own; here it has no row in the
 * store, since nothing is lost with it: who was in one signs in again.
 *
 * A lease that has ended is remembered for a moment with whom it was for, so that the gateway on
 * whose connection it ended, and no other, can bring the person to a fresh lobby.
 */
#pragma once

#include "lobbies/native_login.h"
#include "sessions/lease.h"

typedef struct Lobby Lobby;

/* A session that ends soon, of which a lobby warns: lobby_warning.h. */
typedef struct {
	char *lease, *user; /* lease NULL = none */
	gint64 ends_at;     /* s since 1970      */
	gboolean extendable;
	gboolean idle; /* because nobody uses it */
} LobbyEnding;
void lobby_ending_clear(LobbyEnding *ending);

/* What a lobby begins with. */
typedef struct {
	const char *protocol, *peer; /* the client's */
	Asker asker;
	Who *who;           /* signed in already; NULL = nobody. Taken         */
	NativeLogin *login; /* PAM has asked; else NULL. Taken                  */
	char *text, *hint;  /* what brought the person here; NULL = nothing. Taken */
	gboolean again;     /* the person has been here: shows what there is to choose from */
	gboolean reborn;    /* in place of a lobby that died: it gets no other  */
	Bond bond;          /* SPICE: the viewer's session goes on; no id: it begins. Taken */
	LobbyEnding ending; /* it warns of that. Taken                       */
} LobbyStart;
void lobby_start_clear(LobbyStart *start);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LobbyStart, lobby_start_clear)

Lobbies *lobbies_new(Core *core);
/* Ends all and waits for them. Accepts NULL, as lobbies_free() does. */
void lobbies_stop(Lobbies *lobbies);
void lobbies_free(Lobbies *lobbies);

/* Is there a lobby for clients of this protocol? */
gboolean lobbies_serve(Core *core, const char *protocol);

/* Opens one: its lease (grant_clear()), and the descriptor of its display, the caller's. Takes what
 * `start` owns, also on failure. request: what its client brought. FAULT_BUSY: too many. */
gboolean lobbies_open(Core *core, const ControlMessage *request, LobbyStart *start, Grant *out,
		      int *out_fd, GError **error);

/* Is there one for clients that bring nothing by which they could be known? */
gboolean lobbies_open_to_strangers(Core *core, const char *protocol);

/* LOBBY: what that one is to begin with. FAULT_DENIED: the admin allows none to those who bring no
 * name; or that lease did not end there just now. */
gboolean lobbies_admit(Core *core, const ControlMessage *request, const Asker *asker,
		       LobbyStart *out, GError **error);

/* JOIN, DIAL, LINKED of a lobby's SPICE channels. FALSE: no lobby has that session id with the same
 * proof; that lease (FAULT_NOT_FOUND; FAULT_BUSY: too many channels). linked: *out as for
 * session_linked(). */
gboolean lobbies_join(Core *core, const ControlMessage *request, Grant *out);
gboolean lobbies_dial(Core *core, const char *lease, Grant *out, int *out_fd, GError **error);
gboolean lobbies_linked(Core *core, const char *lease, guint32 backend_id, Grant *out);

/* True if the lease is, or was, a lobby's. */
gboolean lobbies_lease(const char *lease);

/* TRUE: it is one of a lobby that is there, or was a moment ago. */
gboolean lobbies_know(Core *core, const char *lease);
/* LOBBY with a lease and a bond: TRUE if that bond is the one of the lease's viewer. */
gboolean lobbies_prove(Core *core, const ControlMessage *request);

/* STARTED, ENDED. FALSE: it is no lobby's lease. The end of a lobby that is no more is seen by its
 * gateway itself: it is not told to end, so that its client may come back. fault: why it ended;
 * FAULT_DESKTOP: because the lobby died, which its gateway may see before we do. */
gboolean lobbies_started(Core *core, const char *lease, const Asker *asker);
gboolean lobbies_ended(Core *core, const char *lease, Fault fault);

/* A session ends, for this reason: its person may come back, or is in a lobby already, which warned
 * of that. Under the sessions' lock. */
void lobbies_note_end(Core *core, const Lease *lease, Fault code, const char *reason);
