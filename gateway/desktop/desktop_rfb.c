/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * desktop_rfb: logs in to a desktop's VNC server in the viewer's stead, up to its ServerInit, and
 * asks it for the canonical pixel format, since that is what every viewer is told. Where the
 * endpoint asks for TLS, nothing less is spoken.
 */
#include "desktop/desktop_rfb.h"

typedef struct {
	RfbClient client;
	gboolean formatted; /* our SetPixelFormat is on its way */
} RfbDial;

const RfbClient *desktop_rfb_client(const Session *s)
{
	const RfbDial *dial = s->dialing;

	return &dial->client;
}

static void rfb_close(Session *s)
{
	RfbDial *dial = g_steal_pointer(&s->dialing);

	if (dial == NULL)
		return;
	rfb_client_clear(&dial->client);
	g_free(dial);
}

static RfbDial *begin(Session *s, GError **error)
{
	const Endpoint *endpoint = &s->endpoint;
	RfbDial *dial;

	if (g_strcmp0(endpoint->protocol, "vnc") != 0) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "the desktop's display is %s, not VNC",
			    endpoint->protocol ? endpoint->protocol : "none");
		return NULL;
	}
	dial = g_new0(RfbDial, 1);
	rfb_client_init(&dial->client, endpoint->username, endpoint->password, endpoint->tls);
	s->dialing = dial;
	return dial;
}

static Step start_tls(Session *s, RfbDial *dial, GError **error)
{
	Step step = session_desktop_io(s, peer_flush(&s->desktop, error), error);

	if (step == STEP_NEXT)
		step = session_desktop_tls(s, error);
	if (step == STEP_NEXT)
		rfb_client_secured(&dial->client, &s->desktop.out);
	return step;
}

static Step exchange(Session *s, const RfbDial *dial, GError **error)
{
	Io io = peer_flush(&s->desktop, error);

	if (io == IO_DONE)
		io = peer_need(&s->desktop, rfb_client_need(&dial->client), error);
	return session_desktop_io(s, io, error);
}

static Step set_format(Session *s, RfbDial *dial, GError **error)
{
	static const guint8 head[4] = {RFB_SET_PIXEL_FORMAT};

	if (!dial->formatted) {
		buffer_append(&s->desktop.out, head, sizeof head);
		buffer_append(&s->desktop.out, rfb_canonical, sizeof rfb_canonical);
		dial->formatted = TRUE;
	}
	return session_desktop_io(s, peer_flush(&s->desktop, error), error);
}

static Step rfb_dial(Session *s, GError **error)
{
	RfbDial *dial = s->dialing ? s->dialing : begin(s, error);
	Step step;

	if (dial == NULL)
		return STEP_FAIL;
	step = session_connect(s, error);
	while (step == STEP_NEXT) {
		switch (rfb_client_step(&dial->client, &s->desktop.in, &s->desktop.out, error)) {
		case RFB_MORE: step = exchange(s, dial, error); break;
		case RFB_START_TLS: step = start_tls(s, dial, error); break;
		case RFB_READY: return set_format(s, dial, error);
		default: return STEP_FAIL;
		}
	}
	return step;
}

const Desktop desktop_rfb = {.name = "vnc", .dial = rfb_dial, .close = rfb_close};
