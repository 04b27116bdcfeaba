/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_spice: one linked SPICE channel, viewer <-> desktop.
 *
 * Towards the viewer it goes message by message, each in writes of its own: spice-gtk looks at the
 * raw socket only and stalls when one TLS record holds the end of one message and the start of the
 * next. No message is held or copied: what has come of it is written straight from where it was
 * read. Towards the desktop bytes go as they come, but it is known where messages end, so that
 * another desktop can take the place of this one (spice_swap.h), and keys come no faster than a
 * desktop reads them (spice_keys.h).
 *
 * On main, what would send the viewer to another host is dropped, because it names the hypervisor;
 * and the desktop's name, its window's title, becomes the one that people know.
 */
#include "relay/pump.h"
#include "relay/spice_swap.h"

static void spice_close(Session *s)
{
	SpiceRelay *relay = g_steal_pointer(&s->relaying);

	if (relay == NULL)
		return;
	front_spice_channel_free(relay->channel);
	spice_swap_clear(relay);
	g_free(relay);
}

static gboolean is_main(const SpiceRelay *relay)
{
	return relay->channel->mess.type == SPICE_CHANNEL_MAIN;
}

/* ---- down */

/* The part of a message that is at hand, to the viewer or nowhere. */
static Io pass_part(Session *s, SpiceRelay *relay, gsize n, gsize *out_n, GError **error)
{
	if (!relay->down_drop)
		return peer_write(&s->client, buffer_bytes(&s->desktop.in), n, out_n, error);
	if (spice_frame_fresh(&relay->down) && spice_frame_is_migration(relay->down.type))
		log_info(&s->log, "dropped the desktop's migration message %u", relay->down.type);
	*out_n = n;
	return IO_DONE;
}

/* Messages of ours. IO_DONE: all of them are gone. */
static Io pass_ours(Session *s, SpiceRelay *relay, GError **error)
{
	static guint8 zeros[STREAM_HEADROOM + 4096];
	Buffer *ours = &relay->ours;
	gsize n;
	Io io;

	while (relay->pad > 0) {
		io = peer_write(&s->client, zeros + STREAM_HEADROOM,
				MIN(relay->pad, sizeof zeros - STREAM_HEADROOM), &n, error);
		if (io != IO_DONE)
			return io;
		relay->pad -= n;
	}
	while (buffer_length(ours) > 0) {
		gssize part = spice_frame_next(&relay->ours_frame, buffer_bytes(ours),
					       buffer_length(ours), FAULT_BUG, error);

		g_assert(part > 0);
		io = peer_write(&s->client, buffer_bytes(ours), (gsize)part, &n, error);
		if (io != IO_DONE)
			return io;
		spice_frame_passed(&relay->ours_frame, n);
		buffer_consume(ours, n);
	}
	return IO_DONE;
}

/* How much of the message at the front of desktop.in can pass now. 0: more must be at hand; -1 on
 * error. */
static gssize next_part(Session *s, SpiceRelay *relay, GError **error)
{
	Buffer *in = &s->desktop.in;
	gssize part = spice_frame_next(&relay->down, buffer_bytes(in), buffer_length(in),
				       FAULT_DESKTOP, error);
	gssize needs;

	if (part <= 0 || !spice_frame_fresh(&relay->down) || relay->down_seen)
		return part;
	needs = spice_swap_watch_down(relay, s->desktop_name, buffer_bytes(in), (gsize)part, error);
	if (needs < 0 || needs > part)
		return needs < 0 ? -1 : 0;
	relay->down_seen = TRUE;
	return part;
}

static void add_last(SpiceRelay *relay)
{
	if (buffer_length(&relay->last) == 0 ||
	    (relay->down.left > 0 && !spice_frame_fresh(&relay->down)))
		return;
	buffer_append(&relay->ours, buffer_bytes(&relay->last), buffer_length(&relay->last));
	buffer_clear(&relay->last);
}

/* What desktop.in holds. IO_DONE: all of it is gone but for the first bytes of a message. */
static Io pass(Session *s, SpiceRelay *relay, GError **error)
{
	Buffer *in = &s->desktop.in;

	for (;;) {
		gssize part;
		gsize n;
		Io io;

		add_last(relay);
		io = pass_ours(s, relay, error);

		if (io != IO_DONE || buffer_length(in) == 0)
			return io;
		part = next_part(s, relay, error);
		if (part <= 0)
			return part < 0 ? IO_FAIL : IO_DONE;
		io = pass_part(s, relay, (gsize)part, &n, error);
		if (io != IO_DONE)
			return io;
		relay->down_seen = FALSE;
		spice_frame_passed(&relay->down, n);
		buffer_consume(in, n);
	}
}

/* Nothing is read that the viewer has no room for. IO_DONE: the burst is used up. */
static Io pump_down(Session *s, SpiceRelay *relay, GError **error)
{
	gsize spent = 0;

	for (;;) {
		Io io = pass(s, relay, error);

		if (io != IO_DONE || spent >= PUMP_BURST)
			return io;
		io = pump_read(&s->desktop, PUMP_BURST, &spent, error);
		if (io != IO_DONE)
			return io;
	}
}

/* ---- up */

static guint64 waits(Session *s, SpiceRelay *relay)
{
	return relay->channel->mess.type == SPICE_CHANNEL_INPUTS
		       ? spice_keys_wait(&relay->keys, relay->up.type, session_now(s))
		       : 0;
}

/* Looks at what has come from the viewer: up_ready of it are to be sent. Stops before what is to
 * wait, and before what is to be dropped, and drops that once nothing is due. */
static gboolean look_up(Session *s, SpiceRelay *relay, GError **error)
{
	Buffer *in = &s->client.in;

	relay->up_wait = 0;
	while (relay->up_ready < buffer_length(in)) {
		gssize part = spice_frame_next(&relay->up, buffer_bytes(in) + relay->up_ready,
					       buffer_length(in) - relay->up_ready, FAULT_CLIENT,
					       error);

		if (part <= 0)
			return part == 0;
		if (spice_frame_fresh(&relay->up)) {
			relay->up_wait = waits(s, relay);
			if (relay->up_wait > 0)
				return TRUE;
			spice_swap_watch_up(relay);
		}
		if (relay->up_drop && relay->up_ready > 0)
			return TRUE;
		spice_frame_passed(&relay->up, (gsize)part);
		if (relay->up_drop)
			buffer_consume(in, (gsize)part);
		else
			relay->up_ready += (gsize)part;
	}
	return TRUE;
}

static Io pass_up(Session *s, SpiceRelay *relay, GError **error)
{
	Buffer *in = &s->client.in;

	for (;;) {
		gsize n;
		Io io;

		if (!look_up(s, relay, error))
			return IO_FAIL;
		if (relay->up_ready == 0 && relay->up_wait > 0) {
			session_wake_after(s, relay->up_wait);
			return IO_WAIT;
		}
		if (relay->up_ready == 0)
			return IO_DONE;
		io = peer_write(&s->desktop, buffer_bytes(in), relay->up_ready, &n, error);
		if (io != IO_DONE)
			return io;
		buffer_consume(in, n);
		relay->up_ready -= n;
	}
}

static Io pump_up(Session *s, SpiceRelay *relay, GError **error)
{
	gsize spent = 0;

	for (;;) {
		Io io = pass_up(s, relay, error);

		if (io != IO_DONE || spent >= PUMP_BURST)
			return io;
		io = pump_read(&s->client, PUMP_BURST, &spent, error);
		if (io != IO_DONE)
			return io;
	}
}

/* ---- the relay */

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
	up = peer_flush(&s->desktop, error);
	if (up == IO_DONE)
		up = pump_up(s, relay, error);
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

static gboolean spice_part(Session *s)
{
	return spice_swap_part(s, s->relaying);
}

static gboolean spice_arrive(Session *s, GError **error)
{
	return spice_swap_arrive(s, s->relaying, error);
}

const Relay relay_spice = {
	.name = "spice",
	.run = spice_run,
	.part = spice_part,
	.arrive = spice_arrive,
	.close = spice_close,
};
