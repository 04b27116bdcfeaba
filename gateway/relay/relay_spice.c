/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_spice: one linked SPICE channel, viewer <-> desktop.
 *
 * Towards the viewer it goes message by message, each in writes of its own: spice-gtk looks at the
 * raw socket only and stalls when one TLS record holds the end of one message and the start of the
 * next. No message is held or copied: what has come of it is written straight from where it was
 * read. Towards the desktop bytes go as they come.
 *
 * On main, what would send the viewer to another host is dropped, because it names the hypervisor.
 */
#include "front/front_spice.h"
#include "relay/pump.h"
#include "spice/spice_frame.h"

#define READ_MAX (BUFFER_CHUNK - BUFFER_HEADROOM - SPICE_FRAME_HEADER)

typedef struct {
	FrontSpiceChannel *channel;
	SpiceFrame down; /* from the desktop to the viewer */
} SpiceRelay;

static void spice_close(Session *s)
{
	SpiceRelay *relay = g_steal_pointer(&s->relaying);

	if (relay == NULL)
		return;
	front_spice_channel_free(relay->channel);
	g_free(relay);
}

static gboolean is_main(const SpiceRelay *relay)
{
	return relay->channel->mess.type == SPICE_CHANNEL_MAIN;
}

/* The part of a message that is at hand, to the viewer or nowhere. */
static Io pass_part(Session *s, SpiceRelay *relay, gsize n, gsize *out_n, GError **error)
{
	if (!is_main(relay) || !spice_frame_is_migration(relay->down.type))
		return peer_write(&s->client, buffer_bytes(&s->desktop.in), n, out_n, error);
	if (spice_frame_fresh(&relay->down))
		log_info(&s->log, "dropped the desktop's migration message %u", relay->down.type);
	*out_n = n;
	return IO_DONE;
}

/* What desktop.in holds. IO_DONE: all of it is gone but for the first bytes of a header. */
static Io pass(Session *s, SpiceRelay *relay, gsize *moved, GError **error)
{
	Buffer *in = &s->desktop.in;

	while (buffer_length(in) > 0) {
		gssize part = spice_frame_next(&relay->down, buffer_bytes(in), buffer_length(in),
					       FAULT_DESKTOP, error);
		gsize n;
		Io io;

		if (part <= 0)
			return part < 0 ? IO_FAIL : IO_DONE;
		io = pass_part(s, relay, (gsize)part, &n, error);
		if (io != IO_DONE)
			return io;
		spice_frame_passed(&relay->down, n);
		buffer_consume(in, n);
		*moved += n;
	}
	return IO_DONE;
}

/* Nothing is read that the viewer has no room for. IO_DONE: the burst is used up. */
static Io pump_down(Session *s, SpiceRelay *relay, GError **error)
{
	gsize moved = 0;

	for (;;) {
		Io io = pass(s, relay, &moved, error);

		if (io != IO_DONE || moved >= PUMP_BURST)
			return io;
		io = peer_read(&s->desktop, READ_MAX, error);
		if (io != IO_DONE)
			return io;
		moved += PEER_READ_COST;
	}
}

/* A desktop that ends main has ended the session; its other channels follow, as they do when the
 * viewer closed main, and that is nobody's fault. */
static Step desktop_closed(const SpiceRelay *relay, GError **error)
{
	if (is_main(relay))
		g_set_error_literal(error, FAULT, FAULT_DESKTOP, "the desktop closed the session");
	else
		g_set_error_literal(error, FAULT, FAULT_ENDED, "the desktop closed the channel");
	return STEP_FAIL;
}

static Step spice_run(Session *s, GError **error)
{
	SpiceRelay *relay = s->relaying;
	guint64 before;
	Io up, down;

	if (relay == NULL) {
		s->relaying = relay = g_new0(SpiceRelay, 1);
		relay->channel = front_spice_steal_channel(s);
	}
	before = s->client.bytes_in;
	up = pump(&s->client, &s->desktop, error);
	/* What a viewer says on this channel is what its keyboard and its mouse say. */
	if (relay->channel->mess.type == SPICE_CHANNEL_INPUTS && s->client.bytes_in != before)
		s->input = TRUE;
	if (up == IO_EOF)
		return STEP_END;
	if (up == IO_FAIL)
		return STEP_FAIL;
	down = pump_down(s, relay, error);
	if (down == IO_EOF)
		return desktop_closed(relay, error);
	if (down == IO_FAIL)
		return STEP_FAIL;
	if (up == IO_DONE || down == IO_DONE)
		session_wake_after(s, 0);
	return STEP_WAIT;
}

const Relay relay_spice = {.name = "spice", .run = spice_run, .close = spice_close};
