/* SPDX-License-Identifier: GPL-3.0-or-later */
/* greet: see greet.h. */
#include "greet.h"

#include "rfb/rfb.h"
#include "serve.h"
#include "spice/spice_link_client.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

static void expect(Conn *conn, const void *bytes, gsize n, const char *what)
{
	guint8 got[64];

	conn_read(conn, got, n);
	if (memcmp(got, bytes, n) != 0)
		die("%s: something else came", what);
}

/* ---- RFB */

static void rfb_start(Conn *conn)
{
	guint8 screen[24], version[12];
	gchar name[4096];

	conn_write(conn, "\1", 1); /* ClientInit: shared */
	conn_read(conn, screen, sizeof screen);
	if (rfb_u32(screen + 20) > sizeof name)
		die("the desktop's name is too long");
	conn_read(conn, name, rfb_u32(screen + 20));
	memcpy(version, "\2\0\0\1\0\0\0\0", 8); /* SetEncodings: Raw */
	conn_write(conn, version, 8);
}

static void rfb_none(Conn *conn)
{
	guint8 version[12];

	conn_read(conn, version, sizeof version);
	conn_write(conn, "RFB 003.008\n", 12);
	expect(conn, "\1\1", 2, "security types");
	conn_write(conn, "\1", 1);
	expect(conn, "\0\0\0\0", 4, "security result");
	rfb_start(conn);
}

static void rfb_vencrypt(Conn *conn, SSL_CTX *context, const char *ticket)
{
	guint8 version[12], plain[8 + 6 + 64] = {0};
	gsize n = strlen(ticket);

	conn_read(conn, version, sizeof version);
	conn_write(conn, "RFB 003.008\n", 12);
	expect(conn, "\1\23", 2, "security types");
	conn_write(conn, "\23", 1);
	expect(conn, "\0\2", 2, "VeNCrypt version");
	conn_write(conn, "\0\2", 2);
	expect(conn, "\0\1\0\0\1\6", 6, "VeNCrypt subtypes");
	conn_write(conn, "\0\0\1\6", 4);
	expect(conn, "\1", 1, "VeNCrypt agreement");
	conn_start_tls(conn, context);
	plain[3] = 6;
	plain[7] = (guint8)n;
	memcpy(plain + 8, "ticket", 6);
	memcpy(plain + 14, ticket, n);
	conn_write(conn, plain, 14 + n);
	expect(conn, "\0\0\0\0", 4, "security result");
	rfb_start(conn);
}

/* ---- the others */

static void websocket(Conn *conn, const char *ticket)
{
	g_autofree char *request = g_strdup_printf(
		"GET /websockify?token=%s HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
		ticket);
	char last[4] = "";

	conn_write(conn, request, strlen(request));
	expect(conn, "HTTP/1.1 101", 12, "WebSocket");
	while (memcmp(last, "\r\n\r\n", 4) != 0) {
		memmove(last, last + 1, 3);
		conn_read(conn, last + 3, 1);
	}
	conn->websocket = TRUE;
}

static void spice(Conn *conn, const char *ticket)
{
	SpiceLinkMess mess = {.type = SPICE_CHANNEL_MAIN, .common = 0xb};
	Buffer in = {0}, out = {0};
	g_autoptr(GError) error = NULL;
	g_autoptr(SpiceLinkClient) link = spice_link_client_new(&mess, ticket, NULL, 0, &out);

	for (;;) {
		SpiceLinkClientEvent event = spice_link_client_step(link, &in, &out, &error);
		gsize need;

		if (event == SPICE_LINK_CLIENT_FAILED)
			die("SPICE: %s", error->message);
		if (buffer_length(&out) > 0)
			conn_write(conn, buffer_bytes(&out), buffer_length(&out));
		buffer_clear(&out);
		if (event == SPICE_LINK_CLIENT_READY)
			break;
		need = spice_link_client_needs(link) - buffer_length(&in);
		conn_read(conn, buffer_reserve(&in, need), need);
		buffer_commit(&in, need);
	}
	buffer_clear(&in);
	conn_skip(conn, 6 + 32); /* MAIN_INIT */
}

void greet(Conn *conn, Greet how, SSL_CTX *context, const char *ticket)
{
	if (how != GREET_VNC && how != GREET_PLAIN)
		conn_start_tls(conn, context);
	switch (how) {
	case GREET_VNC: rfb_vencrypt(conn, context, ticket); break;
	case GREET_WSS:
		websocket(conn, ticket);
		rfb_none(conn);
		break;
	case GREET_SPICE: spice(conn, ticket); break;
	case GREET_TLS:
	case GREET_PLAIN: rfb_none(conn); break;
	}
}

void greet_ask(Conn *conn, Greet how, guint16 w, guint16 h)
{
	guint8 ask[10] = {RFB_UPDATE_REQUEST};

	if (how == GREET_SPICE) {
		guint16 type = htole16(SERVE_ASK);
		guint32 four = htole32(4), size = htole32((guint32)w * h * 4);

		memcpy(ask, &type, 2);
		memcpy(ask + 2, &four, 4);
		memcpy(ask + 6, &size, 4);
	} else {
		ask[6] = (guint8)(w >> 8);
		ask[7] = (guint8)w;
		ask[8] = (guint8)(h >> 8);
		ask[9] = (guint8)h;
	}
	conn_write(conn, ask, sizeof ask);
}

gsize greet_answer(Conn *conn, Greet how, guint16 w, guint16 h)
{
	gsize n = (gsize)w * h * 4;
	guint8 head[16];

	if (how == GREET_SPICE) {
		conn_read(conn, head, 6);
		if ((head[0] | head[1] << 8) != SERVE_ASK)
			die("SPICE: message %u came", head[0] | head[1] << 8);
		conn_skip(conn, n);
		return 6 + n;
	}
	conn_read(conn, head, sizeof head);
	if (head[0] != RFB_FRAMEBUFFER_UPDATE || rfb_u16(head + 8) != w || rfb_u16(head + 10) != h)
		die("RFB: another message came");
	conn_skip(conn, n);
	return sizeof head + n;
}
