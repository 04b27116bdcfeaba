/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session: one connection of a client on its way to a desktop. It walks the table in session.c:
 *
 *   proxy -> secure -> sniff -> greet -> redeem -> dial -> welcome -> relay
 *
 * Each step is re-entrant: "do what you can" and say NEXT, WAIT, END or FAIL. session_run() is the
 * only loop; every socket event, timer and broker answer calls it. Deadlines come from the table.
 * A SPICE session is several of these (one per channel) that share a lease.
 *
 * Owner: the worker's list. A step never frees its session; session_run() does, last.
 */
#pragma once

#include "control/control.h"
#include "fault.h"
#include "log.h"
#include "net/address.h"
#include "net/peer.h"
#include "turns.h"

typedef enum {
	STEP_NEXT, /* done: the next row                                        */
	STEP_WAIT, /* the peers know what for, or a broker's answer is awaited  */
	STEP_END,  /* over without a fault: the client left                     */
	STEP_FAIL, /* error is set: goodbye in the client's words, one log line */
} Step;

typedef struct Session Session;
typedef struct Worker Worker;

/* The client's protocol up to the desktop's picture: one per protocol, in front/. */
typedef struct {
	const char *name; /* in logs: "rfb", "spice", "http"                             */
	/* Speaks until session->ask says what the client wants. */
	Step (*greet)(Session *session, GError **error);
	/* The desktop is there: tells the client that it is in. */
	Step (*welcome)(Session *session, GError **error);
	/* Puts a refusal into client.out, in the client's protocol and with fault_info()'s words;
	 * the session flushes and lingers. Called at most once, in any state of the front. */
	void (*goodbye)(Session *session, const GError *error);
	/* Frees session->talk. Called when the relay starts or the session ends. */
	void (*close)(Session *session);
} Front;

/* The desktop's protocol up to its picture: one per protocol, in desktop/. */
typedef struct {
	const char *name;
	/* session->endpoint says where; fills session->desktop and its own session->dialing. */
	Step (*dial)(Session *session, GError **error);
	/* Frees session->dialing. Called when the relay starts or the session ends. */
	void (*close)(Session *session);
} Desktop;

/* Bytes both ways until one side ends: one per protocol, in relay/. */
typedef struct {
	const char *name;
	/* First call has session->relaying == NULL: takes what it needs from talk and dialing
	 * (both are freed after this call returns for the first time). */
	Step (*run)(Session *session, GError **error);
	/* A relay below which the desktop can be replaced has part and arrive; else NULL.
	 * release_keys: before `part`, unless the next desktop is to be the same one; NULL: nothing
	 * to release. part: takes leave of the desktop, which is then disconnected; it may be gone
	 * already. Both again before `arrive`: the next one was not to be had. FALSE: this
	 * connection cannot go on below another desktop. arrive: the next one has been dialled
	 * (session->dialing is there, and goes after the next run). */
	void (*release_keys)(Session *session);
	gboolean (*part)(Session *session);
	gboolean (*arrive)(Session *session, GError **error);
	/* Frees session->relaying. */
	void (*close)(Session *session);
} Relay;

extern const Front front_rfb, front_spice, front_http;
extern const Desktop desktop_rfb, desktop_spice, desktop_portal;
extern const Relay relay_rfb, relay_spice, relay_tunnel;

/* What the client wants; filled by greet, used by redeem. */
typedef enum {
	ASK_NOTHING,
	ASK_TICKET, /* ticket                                                       */
	ASK_LOGIN,  /* user, password, desktop (NULL = the one used last)           */
	ASK_LOBBY,  /* a place to sign in, or to choose again after the lease that it had  */
	ASK_AGAIN,  /* the way to the desktop of the lease that it has, once more          */
	ASK_JOIN,   /* a further SPICE channel: client_id, channel, ticket or login */
	ASK_PORTAL, /* a page or an API call: no lease, straight to the broker      */
} AskKind;

typedef struct {
	AskKind kind;
	guint32 client_id;    /* ASK_JOIN: that which it named */
	const char *protocol; /* "web", "vnc", "spice" */
	char *ticket;         /* secret */
	char *user;
	char *password; /* secret */
	char *desktop;
	char *channel; /* "main:0", "display:0"; NULL for RFB */
	char *lease;   /* ASK_LOBBY: that which has just ended here; NULL = none */
} Ask;

struct Session {
	Worker *worker;
	char id[17];                /* random hex; in every log line and in the audit */
	char address[ADDRESS_TEXT]; /* the client's "address:port" */
	guint proxied : 1;    /* a trusted proxy connected: its header with the client's address is
				 due */
	guint vnc_only : 1;   /* came in on a listener whose only protocol is VNC */
	guint tls_inside : 1; /* an HTTP CONNECT was answered: what follows is sniffed again */
	guint tunnelled : 1; /* it was, once: there is no second one, which would be fresh deadlines
				without end */
	guint no_channel : 1; /* SPICE join: the desktop that was dialled has no such channel */
	guint input : 1;      /* a key or the pointer moved since the worker last looked: all that a
				 relay does for each such event */
	int endpoint_fd;      /* of `endpoint` below: its descriptor, -1 = none */
	char *target; /* "address:port" that the client connected to, as a proxy said; else NULL */
	LogContext log;
	const char *limit; /* the limit that it is over, NULL = welcome: refused at greet */

	Peer client;
	Peer desktop;

	const Front *front;
	void *talk; /* the front's handshake memory */
	const Desktop *dial;
	void *dialing; /* the dial's handshake memory */
	const Relay *relay;
	void *relaying; /* the relay's memory */

	Ask ask;
	char *lease; /* id; NULL until redeemed; session_change_lease() */
	char *user;
	char *desktop_name;
	char *bond;         /* SPICE, secret: what proves that a channel of this viewer is here */
	guint32 client_id;  /* SPICE: the session id that the client is told (from the lease)  */
	guint32 backend_id; /* SPICE join: the desktop's session id; 0 = there is none now: its
			       main channel has lost it, and looks for another          */
	Endpoint endpoint;  /* of the last lease answer; protocol NULL = none                  */

	Session *same_lease; /* the worker's own: the next one that has it too, */
	GList place;         /* ... and its places: among those on their way to the relay, ... */
	Turn again, toil;    /* ... those that have more to do, and those that are to toil */
	struct SessionLoop *loop; /* session.c's own: watches, timer, position */
};

/*
 * Sends a request of this session to the broker; the id is filled in. One at a time.
 * The answer wakes session_run(); session_answer() hands it out.
 */
void session_request(Session *session, ControlMessage *request);

/* STEP_WAIT: not there yet. STEP_NEXT: an ok, or a lease, which has been taken into the session's
 * fields (lease, user, desktop_name, bond, client_id, backend_id, endpoint, endpoint_fd).
 * STEP_FAIL: refused (the broker's fault code and reason), or the broker is gone. */
Step session_answer(Session *session, GError **error);

/* True if a request is on its way or its answer was not taken yet. */
gboolean session_asking(const Session *session);

/*
 * TLS with the client from here on, as the server; re-entrant: call until NEXT.
 * Fails with FAULT_CLIENT if plain bytes are waiting in client.in (an injection before TLS).
 * `vnc` takes the context without session tickets: they hang TigerVNC 1.12.
 */
Step session_start_tls(Session *session, gboolean vnc, GError **error);

/* Connects session->desktop to session->endpoint (the descriptor, or TCP; TLS from the first byte
 * if the endpoint is SPICE with tls); re-entrant: call until NEXT. */
Step session_connect(Session *session, GError **error);

/* TLS with the desktop in the middle of its handshake (VeNCrypt); verifies against endpoint.ca or
 * the system's store; re-entrant. Fails with FAULT_DESKTOP if plain bytes wait in desktop.in. */
Step session_desktop_tls(Session *session, GError **error);

/* Takes the desktop's connection away from a session that is about to end, and closes it only after
 * `ms`: for servers that do not survive a client which leaves at once. Nothing if not connected. */
void session_keep_desktop_open(Session *session, unsigned ms);

/* Milliseconds of the loop's clock. */
guint64 session_now(const Session *session);

/* Asks to be run again after `ms`, whatever the peers do (a front that waits for silence). 0: as
 * soon as everybody else has had a turn. */
void session_wake_after(Session *session, guint64 ms);

/* Io -> Step for handshakes: DONE -> NEXT, WAIT -> WAIT, EOF -> END (client) or FAIL (desktop). */
Step session_client_io(Session *session, Io io);
Step session_desktop_io(Session *session, Io io, GError **error);

/* Puts a session on its way with a connected client; the worker owns it from here. proxied: it
 * begins with a PROXY header. limit: the option that says that this one is too many (static text),
 * NULL = welcome. */
void session_start(Worker *worker, int fd, const char *address, gboolean vnc_only, gboolean proxied,
		   const char *limit);

/* Runs what can run. The session may be gone on return. */
void session_run(Session *session);

/* The worker hands over what the broker said to this session's request: an answer with its
 * descriptor (-1 = none; taken), or message NULL and an error. The session may be gone
 * on return. */
void session_answered(Session *session, const ControlMessage *message, int fd, const GError *error);

/* The broker went away with this session's request. A ticket is shown to the next one, once;
 * everything else has its answer, which is this error. The session may be gone on return. */
void session_lost(Session *session, const GError *error);

/* Tells the broker that the session's lease is alive: once it relays, and again after the broker
 * was away. Nothing for further SPICE channels: their main speaks for the lease. */
void session_report_live(Session *session);

/* Every second: lets go of a timer that waits for nothing; tells the broker when a key or the
 * pointer moved last, if that is news: at each pause, and now and then while they go on. So nobody
 * who moved more than a few seconds ago is taken for idle. */
void session_report_input(Session *session);

/* Every second: where a browser has been sent nothing for so long as web_beat says, a word without
 * meaning goes to it (stream_ws_beat()): a proxy on the way ends a line that is not used. TRUE: it
 * was sent. */
gboolean session_beat(Session *session);

/* Adds itself to the worker's counts (control/counts.h), and its bytes since the last time. */
void session_count(Session *session, guint64 *counts);

/* Makes room for somebody else: drops it without a word if it still is where a machine waits for a
 * machine (no TLS, or no whole request), not a person for a password. The session is gone
 * on TRUE. */
gboolean session_drop(Session *session);

/* The broker moves it to another desktop: the old lease ends, that of the message (CONTROL_MOVE)
 * begins, in the same connection. fd: the endpoint's, -1 = none; taken. One that cannot be moved
 * stays as it is. FALSE: it cannot. The session may be gone on return. */
gboolean session_move(Session *session, const ControlMessage *message, int fd);

/* The main channel of a SPICE session has moved (CONTROL_FOLLOW); TRUE: this is a further one of
 * it. One that the broker has not answered yet, so that nobody knows whose it is, asks by itself
 * (worker_follow()) when it has. */
gboolean session_follows(Session *session, const char *bond_name);

/* Where main has gone, by the answer to that question, a further channel of the same session goes
 * too. Nothing for all others. The session may be gone on return. */
void session_follow(Session *session, const ControlMessage *message);

/* Ends it with this fault (drain, limit). The session may be gone on return. */
void session_end(Session *session, Fault code, const char *reason);

/* The broker ends its lease: as session_end(), but a native viewer may be shown a lobby instead, in
 * the same connection, if the broker has one for it. */
void session_dismiss(Session *session, Fault code, const char *reason);
