/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * desktop_rfb: logs in to a desktop's VNC server in the viewer's stead, up to its ServerInit. Where
 * the endpoint asks for TLS, nothing less is spoken.
 */
#include "desktop/desktop_rfb.h"

const RfbClient *desktop_rfb_client(const Session *s)
{
	return s->dialing;
}

static void rfb_close(Session *s)
{
	RfbClient *client = g_steal_pointer(&s->dialing);

	if (client == NULL)
		return;
	rfb_client_clear(client);
	g_free(client);
}

static RfbClient *begin(Session *s, GError **error)
{
	const Endpoint *endpoint = &s->endpoint;
	RfbClient *client;

	if (g_strcmp0(endpoint->protocol, "vnc") != 0) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "the desktop's display is %s, not VNC",
			    endpoint->protocol ? endpoint->protocol : "none");
		return NULL;
	}
	client = g_new0(RfbClient, 1);
	rfb_client_init(client, endpoint->username, endpoint->password, endpoint->tls);
	s->dialing = client;
	return client;
}

static Step start_tls(Session *s, RfbClient *client, GError **error)
{
	Step step = session_desktop_io(s, peer_flush(&s->desktop, error), error);

	if (step == STEP_NEXT)
		step = session_desktop_tls(s, error);
	if (step == STEP_NEXT)
		rfb_client_secured(client, &s->desktop.out);
	return step;
}

static Step exchange(Session *s, const RfbClient *client, GError **error)
{
	Io io = peer_flush(&s->desktop, error);

	if (io == IO_DONE)
		io = peer_need(&s->desktop, rfb_client_need(client), error);
	return session_desktop_io(s, io, error);
}

static Step rfb_dial(Session *s, GError **error)
{
	RfbClient *client = s->dialing ? s->dialing : begin(s, error);
	Step step;

	if (client == NULL)
		return STEP_FAIL;
	step = session_connect(s, error);
	while (step == STEP_NEXT) {
		switch (rfb_client_step(client, &s->desktop.in, &s->desktop.out, error)) {
		case RFB_MORE: step = exchange(s, client, error); break;
		case RFB_START_TLS: step = start_tls(s, client, error); break;
		case RFB_READY: return STEP_NEXT;
		default: return STEP_FAIL;
		}
	}
	return step;
}

const Desktop desktop_rfb = {.name = "vnc", .dial = rfb_dial, .close = rfb_close};
