/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb_server: our side of the handshake towards a viewer (RFC 6143 7.1 to 7.3; VeNCrypt 0.2).
 *
 * RFB_SERVER_VENCRYPT offers TLS with a certificate and a user name with a password inside
 * (X509Plain), and nothing else: any weaker offer could be chosen by somebody in the middle.
 * RFB_SERVER_LOBBY also offers the same TLS with nobody's name inside (X509None), to viewers that
 * cannot ask for one or are told not to: they are to be shown a place where a person signs in.
 * Somebody in the middle who strikes the first offer gains no look inside.
 * With a `vnc_password` it also offers VNC authentication, by that password and without TLS, to
 * viewers that know nothing better, and to those of version 3.3 alone: they, too, bring nobody's
 * name. Somebody in the middle can make others choose it: so it is for the admin to allow.
 * RFB_SERVER_NONE offers no security, for a WebSocket whose ticket has already been redeemed.
 *
 * It says each thing as soon as it is settled, and does not wait to be asked for it: over a
 * distance each question that only has one answer would cost a round trip. Where one type of
 * security is offered, all of VeNCrypt until TLS goes out with it (the viewer's choices are read,
 * and checked, as they come); the verdict brings the screen. RFB is a stream of messages whose
 * order is the same either way, and TLS begins behind the viewer's last choice.
 *
 * It holds no bytes: it consumes from `in` what it understood and appends to `out` what is to be
 * sent. It never says who may come in: the caller answers RFB_CREDENTIALS with accept or refuse.
 */
#pragma once

#include "rfb.h"
#include "rfb_challenge.h"

#define RFB_USER_MAX     512
#define RFB_PASSWORD_MAX 1024

typedef enum { RFB_SERVER_VENCRYPT, RFB_SERVER_LOBBY, RFB_SERVER_NONE } RfbServerMode;

/* Positions in the handshake, in its order: where the next bytes of the viewer belong. With
 * RFB_SERVER_NONE the verdict comes before the type, which says it. */
typedef enum {
	RFB_SERVER_START,
	RFB_SERVER_VERSION,
	RFB_SERVER_TYPE,
	RFB_SERVER_CHALLENGE,
	RFB_SERVER_VENCRYPT_VERSION,
	RFB_SERVER_VENCRYPT_SUBTYPE,
	RFB_SERVER_TLS,
	RFB_SERVER_PLAIN_LENGTHS,
	RFB_SERVER_PLAIN,
	RFB_SERVER_VERDICT,
	RFB_SERVER_CLIENT_INIT,
	RFB_SERVER_DONE,
} RfbServerState;

typedef struct {
	RfbServerMode mode;
	RfbServerState state;
	const char *vnc_password; /* RFB_SERVER_LOBBY, from before the first step on; the caller's;
				     NULL = no VNC authentication */
	guint8 challenge[RFB_CHALLENGE];
	unsigned minor;  /* 3, 7 or 8, once the viewer has said it  */
	gboolean shared; /* of ClientInit                           */
	gboolean nobody; /* with RFB_CREDENTIALS: the viewer chose to bring no name */
	char *user;      /* with RFB_CREDENTIALS; may be taken      */
	char *password;  /* Secret; with RFB_CREDENTIALS; may be taken */
	guint32 user_n;
	guint32 password_n;
	const char *words; /* for the person, why the handshake failed; NULL = ask the error */
} RfbServer;

void rfb_server_init(RfbServer *server, RfbServerMode mode);
void rfb_server_clear(RfbServer *server);

/*
 * Goes on as far as the bytes reach; the first call needs none. RFB_START_TLS and RFB_CREDENTIALS
 * are repeated until the caller has answered with the call named in their place; with RFB_READY the
 * handshake is over. Faults are FAULT_CLIENT, or FAULT_DENIED for a wrong `vnc_password`; bytes
 * left in `in` when TLS is to start are one. The password is wiped in `in`.
 */
RfbEvent rfb_server_step(RfbServer *server, Buffer *in, Buffer *out, GError **error);

/* How many bytes `in` must hold before the next step can do anything. A caller that reads no
 * more than that meets nothing of the plain stream at RFB_START_TLS. */
gsize rfb_server_need(const RfbServer *server);

/* After RFB_START_TLS: `in` and `out` are inside TLS from here on. */
void rfb_server_secured(RfbServer *server);

/* After RFB_CREDENTIALS: the viewer may come in, and this is its screen, in the canonical pixel
 * format. Longer names are cut. */
void rfb_server_accept(RfbServer *server, guint16 width, guint16 height, const char *name,
		       Buffer *out);

/*
 * Says no, with these words (or with its own, if it knows why), in whatever way the viewer
 * understands at this point; appends nothing where the protocol has no way to say it, or where
 * what is next has been said already. The connection is to be closed afterwards.
 */
void rfb_server_refuse(RfbServer *server, const char *words, Buffer *out);
