/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb_client: our side of the handshake towards a desktop (RFC 6143 7.1 to 7.3; VeNCrypt 0.2).
 * Security None, VNC authentication, and VeNCrypt with a certificate: X509None, X509Vnc,
 * X509Plain. Anonymous TLS is never taken: it protects from nobody. SetPixelFormat goes with
 * ClientInit: every viewer is told rfb_canonical, whatever the desktop's own is.
 *
 * It holds no bytes: it consumes from `in` what it understood and appends to `out` what is to be
 * sent. It never verifies a certificate: that is done by who starts the TLS.
 */
#pragma once

#include "rfb.h"

/* Positions in the handshake, in its order: what the desktop says next. */
typedef enum {
	RFB_CLIENT_VERSION,
	RFB_CLIENT_TYPE_3, /* version 3.3: the server decides */
	RFB_CLIENT_TYPE_COUNT,
	RFB_CLIENT_TYPES,
	RFB_CLIENT_VENCRYPT_VERSION,
	RFB_CLIENT_VENCRYPT_COUNT,
	RFB_CLIENT_VENCRYPT_SUBTYPES,
	RFB_CLIENT_VENCRYPT_AGREED,
	RFB_CLIENT_TLS,
	RFB_CLIENT_CHALLENGE,
	RFB_CLIENT_RESULT,
	RFB_CLIENT_REASON_LENGTH,
	RFB_CLIENT_REASON,
	RFB_CLIENT_INIT,
	RFB_CLIENT_NAME,
	RFB_CLIENT_DONE,
} RfbClientState;

typedef struct {
	RfbClientState state;
	gboolean tls_only;
	const char *user;     /* borrowed, NULL = none */
	const char *password; /* borrowed, NULL = none */
	unsigned minor;
	gboolean init_sent; /* our ClientInit, perhaps ahead of RFB_CLIENT_RESULT */
	guint32 subtype;    /* of VeNCrypt, once chosen            */
	guint32 n;          /* length of what the state waits for  */
	guint16 width;      /* width, height, name: with RFB_READY */
	guint16 height;
	char *name; /* UTF-8; may be taken */
} RfbClient;

/*
 * user and password (NULL = none) are borrowed until rfb_client_clear(). With tls_only a desktop
 * that does not offer VeNCrypt with a certificate is refused, never spoken to in the clear.
 */
void rfb_client_init(RfbClient *client, const char *user, const char *password, gboolean tls_only);
void rfb_client_clear(RfbClient *client);

/* Goes on as far as the bytes reach. RFB_START_TLS is repeated until rfb_client_secured().
 * Faults are FAULT_DESKTOP; a reason that the desktop gave is in the message. */
RfbEvent rfb_client_step(RfbClient *client, Buffer *in, Buffer *out, GError **error);

/* How many bytes `in` must hold before the next step can do anything; see rfb_server_need(). */
gsize rfb_client_need(const RfbClient *client);

/* After RFB_START_TLS: `in` and `out` are inside TLS from here on. */
void rfb_client_secured(RfbClient *client, Buffer *out);
