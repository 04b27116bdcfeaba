/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session_loop: what session.c and session_watch.c keep beside the public struct: the position in
 * the table, the watches and the timer. Private to session*.c.
 */
#pragma once

#include "session/session.h"
#include "worker.h"

typedef enum { PHASE_STEPS, PHASE_LINGER, PHASE_CLOSED } Phase;

typedef struct SessionLoop {
	Phase phase : 2;
	guint at : 4;      /* row of the table */
	guint running : 1; /* inside session_run(): a nested call only notes that it came */
	guint again : 1;   /* ... and it is walked once more before it waits */
	guint shut : 1;  /* in PHASE_LINGER: the last words are out, the client's end is awaited */
	guint hurry : 1; /* wants its next turn as soon as everybody else has had one */
	guint answered : 1;    /* the broker has, to `request` */
	guint dismissed : 1;   /* `ending` was the broker, who may know where to go on  */
	guint asked_twice : 1; /* the broker went away with the first question */
	guint returning : 1;   /* on its way back */
	guint silent : 1;      /* the client waits for us: it speaks RFB */
	guint securing : 1;    /* TLS was pushed, with which it begins, or its tunnel does */
	guint upgrading : 1;   /* TLS was pushed by session_start_tls() */
	guint connecting : 1;  /* the desktop's TCP connection is on its way */
	guint relayed : 1;     /* it came as far as the relay */
	guint moving : 1;      /* the next desktop is dialled below the relay */
	guint overtaken : 1; /* SPICE join: a main channel moved while its answer was on its way */
	Step verdict : 3;    /* the broker's, once it has answered */
	gint8 client_events, desktop_events; /* what the polls watch now; -1 = no handle */
	guint8 handles;         /* libuv still holds; the last close callback frees the session */
	guint8 lost_row;        /* where it was when it lost its desktop: in which row ... */
	struct SessionAccount { /* session_cost.c */
		gint64 credit;  /* ns that it may still cost; below 0: it waits */
		guint64 ran_at; /* ns: the end of its last run */
		guint64 moved;  /* bytes, both sides, by then */
		guint64 asked;  /* bytes of the client, and ... */
		guint64 told;   /* ... of the desktop, when both had last said something new */
	} account;

	uv_poll_t client_poll;
	uv_poll_t *desktop_poll; /* one for each desktop: it frees itself when it has closed */
	uv_timer_t *timer;       /* NULL = nothing to wait for; frees itself when it has closed */
	guint64 deadline, wake;  /* loop time in ms, 0 = none */
	guint64 started_at, step_at;

	guint64 request; /* id at the broker, 0 = none */
	GError *refusal;

	GError *ending; /* set from outside (session_end): taken at the next run */
	GError *lost;   /* why its desktop has gone, while it is on its way back, or to a lobby */
	char *home;     /* the lease that it was taken from for a while, to a lobby; on its way back
			   there: that lobby's; NULL = none */
	const char *lost_at; /* ... and in which step */
	guint64 returned_at; /* when it was on its way back last; loop time in ms, 0 = never */
	char *farewell;      /* for a layer that can carry words */
	guint64 input_at, input_told, told_at; /* the last input, the one that the broker knows, and
						  since when; 0 = none */
	guint64 quiet_since, quiet_bytes; /* session_beat.c: nothing was sent since, but those */
	guint64 bytes_in, bytes_out, lease_at; /* where the present lease began */
	guint64 counted_in, counted_out;       /* bytes that session_count() has named */
} SessionLoop;

/* session_steps.c: the first steps of the table, and redeem */
Step session_proxy(Session *session, GError **error);
Step session_secure(Session *session, GError **error);
Step session_sniff(Session *session, GError **error);
Step session_greet(Session *session, GError **error);
Step session_redeem(Session *session, GError **error);
Step session_dial(Session *session, GError **error);
Step session_welcome(Session *session, GError **error);
Step session_relay(Session *session, GError **error);

/* session_net.c: the TLS that the connection, or what is inside a CONNECT, begins with; the first
 * bytes of its ClientHello are in client.in. */
Step session_secure_stream(Session *session, GError **error);

/* session_end.c: says why, to the log, the broker and the client; error NULL = the client left.
 * Then the phase is PHASE_LINGER (the client's watches are to be set) or PHASE_CLOSED. */
void session_leave(Session *session, const GError *error);
/* In PHASE_LINGER: goes on with the last words. */
void session_linger(Session *session);
/* Closes everything, now and without a word. The session is gone when the loop has run. */
void session_finish(Session *session);
/* Ends the watch on the desktop's descriptor. */
void session_close_watch(Session *session);
/* Tells the broker the end of the present lease. aside: the lease of a lobby, where its client is
 * for a while and comes back from; NULL = for good. */
void session_report_lease(Session *session, Fault code, const char *reason, const char *aside);

/* session_watch.c: begins a watch on the client's descriptor; on the desktop's, once it is
 * connected or connecting. */
void session_watch_client(Session *session, int fd);
void session_watch_desktop(Session *session, int fd);
/* At the end of a run: waits for what its sides and its clock asked for in it. */
void session_watch(Session *session);
/* Forgets when it is to be woken. */
void session_close_timer(Session *session);

/* session_ask.c: wipes and frees. */
void ask_clear(Ask *ask);

/* session_ask.c: another lease for the session, or NULL; takes it. Returns the one that it had, for
 * g_free(). */
char *session_change_lease(Session *session, char *lease);
/* The session has this lease now, and the message's endpoint; takes fd. */
void session_take_lease(Session *session, const char *lease, const ControlMessage *message, int fd);

/* session.c: begins a row of the table: one of those that a session comes back to. Who chooses
 * again, or goes back, begins at redeem; a move, with a lease in hand, one row later. */
enum { REDEEM_ROW = 4, DIAL_ROW = 5, RELAY_ROW = 7 };
void session_enter(Session *session, unsigned row);

/* session_move.c: a step has failed; TRUE: that is not the end, *error was taken and a
 * row entered. */
gboolean session_goes_on(Session *session, GError **error);

/* session.c: TLS inside an HTTP CONNECT starts the table anew. */
void session_restart(Session *session);

/* session_cost.c: at the beginning; and at the end of a run that began at `begun` (ns of
 * uv_hrtime()). TRUE: it has cost too much, watches nothing and has asked to be run again later. */
void session_open_account(Session *session);
gboolean session_charge(Session *session, guint64 begun);
/* Runs it once it may toil, see turns.h: now, perhaps; it may be gone on return. */
void session_toil(Session *session);
/* Whether this run is that. FALSE: it is run again when it may. */
gboolean session_may_toil(Session *session);
/* It has waited, or waits still, because it cost too much. */
gboolean session_owes(const Session *session);
