/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control: what gateway and broker say to each other (docs/protocol-control.md).
 *
 * A message is a 32-bit big-endian length (of what follows, 2 to CONTROL_MAX bytes) and one JSON
 * object. A descriptor for a desktop's display travels as SCM_RIGHTS with the first byte of the
 * message that names it; this file sees only the bytes.
 *
 *   gateway -> broker   hello    the gateway's name; first message          -> ok
 *                       redeem   what does this ticket open?                -> lease | refuse
 *                       login    user and password from a native viewer     -> lease | refuse
 *                       lobby    a place to sign in, or to choose again     -> lease | refuse
 *                       join     a further SPICE channel of a live lease    -> lease | refuse
 *                       dial     an endpoint of a lease, once more          -> lease | refuse
 *                       linked   the desktop's own SPICE session id         -> ok
 *                       ended    a connection of a lease is over            -> ok
 *                       started  the client has its picture                 (no answer)
 *                       active   when a key or the pointer moved last       (no answer)
 *                       counts   what it counted, for /metrics (counts.h)   (no answer)
 *   broker -> gateway   lease, refuse, ok   answers, by the request's id
 *                       end      close every connection of a lease now
 *                       move     carry a lease's session on as another lease, on another desktop
 *                       follow   the main SPICE channel has moved: who holds others of its viewer
 * asks where to, by a join
 *
 * To an oriel-bridge, which stands between a lease's client and its desktop, the broker speaks the
 * same: lease (the desktop's own endpoint; the bridge says ok or refuse), the answers to its dial,
 * and
 *
 *   broker -> bridge    client   a connection of the lease's client, as a descriptor  (no answer)
 */
#pragma once

#include <glib.h>

#include "control/counts.h"

/* A message of the longest texts, each byte of them escaped in JSON (6 for 1), still fits. */
#define CONTROL_MAX  262144
#define CONTROL_TEXT 1024 /* any single text but the CA */
#define CONTROL_CA   32768

/* A bond is hexadecimal; its first letters are its name, the rest proves it. */
#define CONTROL_BOND      64
#define CONTROL_BOND_NAME 32

typedef enum {
	CONTROL_HELLO,
	CONTROL_REDEEM,
	CONTROL_LOGIN,
	CONTROL_LOBBY,
	CONTROL_JOIN,
	CONTROL_DIAL,
	CONTROL_LINKED,
	CONTROL_STARTED,
	CONTROL_ENDED,
	CONTROL_ACTIVE,
	CONTROL_COUNTS,
	CONTROL_LEASE,
	CONTROL_REFUSE,
	CONTROL_OK,
	CONTROL_END,
	CONTROL_MOVE,
	CONTROL_CLIENT,
	CONTROL_FOLLOW,
} ControlType;

/* Where a desktop's display is and how to get in. */
typedef struct {
	char *protocol;  /* "vnc", "spice"; towards a bridge also "rdp"               */
	gboolean has_fd; /* a connected descriptor comes with the message             */
	char *host;      /* else a TCP address ...                                    */
	guint16 port;
	gboolean tls;   /* ... with TLS (SPICE: from the first byte; VNC: VeNCrypt)  */
	char *ca;       /* PEM that must have signed it; NULL = the system's store   */
	char *username; /* for the desktop's own login, NULL = none                  */
	char *password; /* Secret; NULL = none                                       */
} Endpoint;

/* One struct for all; the table in control.c says which fields a type has. Texts are owned by the
 * message; ticket, password and endpoint.password are secrets and wiped by control_clear(). */
typedef struct {
	ControlType type;
	guint64 id;           /* of a request, repeated by its answer; 0 in notices        */
	char *gateway;        /* hello                                                     */
	char *ticket;         /* redeem; join (or user + password, or bond); lobby: what further
				 SPICE channels will bring, "" = nothing; NULL = VNC   */
	char *user;           /* login, join; lease: whose it is                           */
	char *password;       /* login, join                                               */
	char *desktop;        /* login: wanted name, may be NULL; lease: its name          */
	char *protocol;       /* redeem, login, lobby: "web", "vnc", "spice": the client's */
	char *peer;           /* redeem, login, lobby, join: the client's address          */
	char *lease;          /* dial, linked, started, ended, active, lease, end, move, client;
				 lobby: that which has just ended here, may be NULL    */
	char *to;             /* move: the lease that takes its place; ended: that of a lobby,
				 where its client is for a while                       */
	char *bond;           /* Secret. lease: of a SPICE viewer, as long as it is connected: what
				 proves in join and lobby that a channel of it was here;
				 follow: its name alone                                */
	guint32 client_id;    /* join, lease: the SPICE session id that the client is told */
	guint32 backend_id;   /* linked, lease (of a join): the desktop's SPICE session id */
	char *channel;        /* join, ended: "display:0"; "" or NULL: the whole session   */
	Endpoint endpoint;    /* move; lease, but for the answer to a join (protocol NULL) */
	char *fault;          /* refuse, ended, end: a name of FaultInfo; follow: main has found no
				 other desktop                                         */
	char *reason;         /* refuse, ended, end: for the log and the audit             */
	guint32 wait;         /* refuse: s until it may be asked again; 0 = not said          */
	char *step;           /* ended                                                     */
	guint64 bytes_in;     /* ended: from the client                                    */
	guint64 bytes_out;    /* ended: to the client                                      */
	guint64 milliseconds; /* ended: how long it lived; active: since that event        */
	guint64 round_trip;   /* active: to the client and back, us; 0 = not known         */
	gboolean again;       /* ended: it may have been told before; move: the client is to come
				 again, to the endpoint, and opens `to` with what it brought */
	guint64 counts[COUNTS_N]; /* counts                                                */
} ControlMessage;

/* The bytes of a message, length included. A missing field is a bug and asserts. Never fails for
 * what is in a text, since that may come from a client: a text is cut at its bound and bytes that
 * are not UTF-8 become '?'. Fields that the type does not have are left out. Free it with
 * control_wipe(), or g_byte_array_unref() if it holds no secret. */
GByteArray *control_encode(const ControlMessage *message);
void control_wipe(GByteArray *bytes);

/*
 * Takes one message off the front of `bytes`.
 * Returns the bytes consumed and fills *out (cleared by the caller with control_clear());
 * 0 when more bytes are needed; -1 with FAULT_BROKER when the peer spoke wrongly: bad length,
 * bad JSON, duplicate or missing or unknown keys, a text over its bound.
 */
gssize control_decode(const void *bytes, gsize n, ControlMessage *out, GError **error);

/* What a follow names; g_free() it. And: is it of that bond (NULL = of none)? */
char *control_bond_name(const char *bond);
gboolean control_bond_is(const char *bond, const char *name);

const char *control_type_name(ControlType type);
void control_clear(ControlMessage *message);
void endpoint_clear(Endpoint *endpoint);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ControlMessage, control_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Endpoint, endpoint_clear)
