/* SPDX-License-Identifier: GPL-3.0-or-later */
/* greet: the handshakes of the load program's clients, up to the desktop. */
#pragma once

#include "conn.h"

typedef enum {
	GREET_VNC,   /* VeNCrypt X509Plain, the ticket as password: through the gateway */
	GREET_WSS,   /* HTTPS, then a WebSocket with the ticket                         */
	GREET_SPICE, /* SPICE in TLS, main channel, the ticket as password              */
	GREET_TLS,   /* RFB without security inside TLS: through a TLS proxy            */
	GREET_PLAIN, /* RFB without security and TLS: the desktop itself                */
} Greet;

/* The connection is open; ticket is NULL for TLS and PLAIN. */
void greet(Conn *conn, Greet how, SSL_CTX *context, const char *ticket);

/* Asks for a picture of w x h (RFB) or w * h * 4 bytes (SPICE). */
void greet_ask(Conn *conn, Greet how, guint16 w, guint16 h);
/* Reads all of it; returns the number of bytes that came. */
gsize greet_answer(Conn *conn, Greet how, guint16 w, guint16 h);
