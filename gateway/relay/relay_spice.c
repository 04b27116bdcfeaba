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

/* To the viewer in one run, each a TLS record: a desktop that says little in each of its messages
 * makes as much work as one that shows films. */
#define WRITES_MAX 256

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

static Io write_down(Session *s, SpiceRelay *relay, guint8 *bytes, gsize n, gsize *out_n,
		     GError **error)
{
	relay->writes++;
	return peer_write(&s->client, bytes, n, out_n, error);
}

/* The part of a message that is at hand, to the viewer or nowhere. */
static Io pass_part(Session *s, SpiceRelay *relay, gsize n, gsize *out_n, GError **error)
{
	if (!relay->down_drop)
		return write_down(s, relay, buffer_bytes(&s->desktop.in), n, out_n, error);
	if (!relay->down_told && spice_frame_is_migration(relay->down.type)) {
		log_info(&s->log, "drops the desktop's migration messages, the first is %u",
			 relay->down.type);
		relay->down_told = TRUE;
	}
	*out_n = n;
	return IO_DONE;
}

static gboolean ours_is_due(const SpiceRelay *relay)
{
	return relay->pad > 0 || buffer_length(&relay->ours) > 0;
}

/* One write of what is ours. */
static Io pass_ours(Session *s, SpiceRelay *relay, GError **error)
{
	static guint8 zeros[STREAM_HEADROOM + 4096];
	Buffer *ours = &relay->ours;
	gssize part;
	gsize n;
	Io io;

	if (relay->pad > 0) {
		io = write_down(s, relay, zeros + STREAM_HEADROOM,
				MIN(relay->pad, sizeof zeros - STREAM_HEADROOM), &n, error);
		if (io == IO_DONE)
			relay->pad -= n;
		return io;
	}
	part = spice_frame_next(&relay->ours_frame, buffer_bytes(ours), buffer_length(ours),
				FAULT_BUG, error);
	g_assert(part > 0);
	io = write_down(s, relay, buffer_bytes(ours), (gsize)part, &n, error);
	if (io == IO_DONE) {
		spice_frame_passed(&relay->ours_frame, n);
		buffer_consume(ours, n);
	}
	return io;
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

/* One part of what desktop.in holds. */
static Io pass_theirs(Session *s, SpiceRelay *relay, gsize part, GError **error)
{
	gsize n;
	Io io = pass_part(s, relay, part, &n, error);

	if (io == IO_DONE) {
		spice_swap_begins_down(relay, buffer_bytes(&s->desktop.in));
		relay->down_seen = FALSE;
		spice_frame_passed(&relay->down, n);
		buffer_consume(&s->desktop.in, n);
	}
	return io;
}

/* What is ours, and what desktop.in holds. IO_DONE: all of it is gone but for the first bytes of a
 * message, or enough was written in this run. */
static Io pass(Session *s, SpiceRelay *relay, GError **error)
{
	Io io = IO_DONE;

	while (io == IO_DONE && relay->writes < WRITES_MAX) {
		gssize part;

		add_last(relay);
		if (ours_is_due(relay)) {
			io = pass_ours(s, relay, error);
			continue;
		}
		if (buffer_length(&s->desktop.in) == 0)
			return IO_DONE;
		part = next_part(s, relay, error);
		if (part <= 0)
			return part < 0 ? IO_FAIL : IO_DONE;
		io = pass_theirs(s, relay, (gsize)part, error);
	}
	return io;
}

/* Nothing is read that the viewer has no room for. IO_DONE: the burst is used up. */
static Io pump_down(Session *s, SpiceRelay *relay, GError **error)
{
	gsize spent = 0;

	relay->writes = 0;
	for (;;) {
		Io io = pass(s, relay, error);

		if (io != IO_DONE || spent >= PUMP_BURST || relay->writes >= WRITES_MAX)
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
