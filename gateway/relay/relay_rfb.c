/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_rfb: viewer <-> desktop, unit by unit, both ways. Units that may pass are gathered into
 * runs and written straight from where they were read; nothing is copied, and nothing is read
 * while the other side has no room.
 *
 * rfb_heed.h decides what becomes of each unit, rfb_flow.h when the desktop is asked for a picture.
 */
#include "desktop/desktop_rfb.h"
#include "relay/pump.h"
#include "relay/rfb_handover.h"
#include "relay/rfb_heed.h"
#include "relay/rfb_relay.h"
#include "worker.h"

#include <string.h>

#define READ_MAX (1024 * 1024) /* at a time, of a unit that is larger than a burst */
#define RUNS_MAX 256           /* in a turn: each is a send, and most have many units */

/* Adds a unit to the run. FALSE: the run ends here and has to go out first. */
static gboolean run_add(RfbRun *run, gsize length, gsize drop)
{
	if (drop == 0) {
		run->ready += (guint32)length;
		return TRUE;
	}
	run->skip = (guint32)drop;
	run->after = (guint32)(length - drop);
	return FALSE;
}

static gboolean judge_viewer(Session *s, RfbRelay *relay, GError **error)
{
	Buffer *in = &s->client.in;
	RfbScan scan = RFB_SCAN_MORE;
	gboolean on = buffer_length(in) > 0;

	while (on) {
		guint8 *b = buffer_bytes(in) + relay->up.ready;
		gsize n = buffer_length(in) - relay->up.ready, drop;
		RfbUnit unit;

		scan = rfb_units_from_client(&relay->viewer.units, b, n, &unit, error);
		if (scan != RFB_SCAN_UNIT)
			break;
		if (rfb_units_is_input(&unit, b))
			s->input = TRUE;
		if (!rfb_heed_viewer(relay, &unit, b, &drop, error))
			return FALSE;
		on = run_add(&relay->up, unit.length, drop) && !relay->viewer.format_leaving &&
		     !rfb_flow_held(relay->viewer.flow);
	}
	return scan != RFB_SCAN_FAULT;
}

static gboolean judge_desktop(Session *s, RfbRelay *relay, GError **error)
{
	Buffer *in = &s->desktop.in;
	RfbScan scan = RFB_SCAN_MORE;
	gboolean on = buffer_length(in) > 0;

	while (on) {
		guint8 *b = buffer_bytes(in) + relay->down.ready;
		gsize n = buffer_length(in) - relay->down.ready, drop;
		RfbUnit unit;

		scan = rfb_units_from_desktop(&relay->desktop.units, b, n, &unit, error);
		if (scan != RFB_SCAN_UNIT)
			break;
		if (!rfb_heed_desktop(relay, &unit, b, &drop, error))
			return FALSE;
		on = run_add(&relay->down, unit.length, drop);
		if (unit.last && rfb_flow_wants_end(relay->viewer.flow)) {
			relay->viewer.updated = TRUE;
			on = FALSE;
		}
	}
	return scan != RFB_SCAN_FAULT;
}

/* Sends the run. IO_DONE: it has gone; IO_WAIT: the rest of it waits. */
static Io run_send(RfbRun *run, Peer *from, Peer *to, GError **error)
{
	while (run->ready > 0 || run->skip > 0) {
		gsize n;
		Io io;

		if (run->ready == 0) {
			buffer_consume(&from->in, run->skip);
			*run = (RfbRun){.ready = run->after};
			continue;
		}
		io = peer_write(to, buffer_bytes(&from->in), run->ready, &n, error);
		if (io != IO_DONE)
			return io;
		buffer_consume(&from->in, n);
		run->ready -= (guint32)n;
	}
	return IO_DONE;
}

/* Room for what comes next: a burst, or more of a unit that is larger than that. */
static Io read_more(const Session *s, Peer *from, const RfbUnits *units, gsize *spent,
		    GError **error)
{
	gsize memory = (gsize)worker_options(s->worker)->max_session_memory << 20;
	gsize have = buffer_length(&from->in);

	if (units->want > memory) {
		g_set_error(error, FAULT, from->is_desktop ? FAULT_DESKTOP : FAULT_CLIENT,
			    "%zu bytes that cannot pass in pieces: max_session_memory is reached",
			    units->want);
		return IO_FAIL;
	}
	if (units->want > PUMP_BURST)
		return pump_read(from, MIN(units->want - have, READ_MAX), spent, error);
	return pump_read(from, PUMP_BURST - have, spent, error);
}

/* What the gateway itself says to the viewer, if there is a place for it. */
static Io speak(Session *s, RfbRelay *relay, GError **error)
{
	RfbFlow *flow = relay->viewer.flow;

	if (flow == NULL || !rfb_units_between(&relay->desktop.units) || relay->down.ready > 0 ||
	    buffer_length(&s->client.out) > 0)
		return IO_DONE;
	if (relay->viewer.updated)
		rfb_flow_updated(flow, s->client.bytes_out, g_get_monotonic_time());
	relay->viewer.updated = FALSE;
	while (buffer_length(&flow->say) > 0) {
		gsize n;
		Io io = peer_write(&s->client, buffer_bytes(&flow->say), buffer_length(&flow->say),
				   &n, error);

		if (io != IO_DONE)
			return io;
		buffer_consume(&flow->say, n);
	}
	return IO_DONE;
}

/* What is said between two messages, or at a hand-over, stands before everything else. */
static Io out_flush(Peer *peer, GError **error)
{
	return buffer_length(&peer->out) > 0 ? peer_flush(peer, error) : IO_DONE;
}

/* Asks the desktop for the next update when it is time, between two messages of the viewer. */
static Io ask(Session *s, RfbRelay *relay, GError **error)
{
	gint64 wait;

	if (relay->up.ready > 0 || relay->up.skip > 0 || relay->viewer.updated)
		return IO_DONE;
	rfb_handover_repeat(relay, &s->desktop.out);
	wait = rfb_flow_ask(relay->viewer.flow, s->client.bytes_out, &s->desktop.out,
			    g_get_monotonic_time());
	if (wait >= 0)
		session_wake_after(s, (guint64)(wait + 999) / 1000);
	return out_flush(&s->desktop, error);
}

/* TRUE while the viewer has to wait before it is listened to. */
static gboolean deaf(const RfbRelay *relay)
{
	const RfbFlow *flow = relay->viewer.flow;

	return flow != NULL &&
	       (rfb_flow_held(flow) || buffer_length(&flow->say) > RFB_FLOW_SAY_MAX);
}

/* IO_DONE: the burst is used up, in bytes or in runs: who has every second of his words dropped
 * makes as much work as who sends in bulk. */
static Io pump_up(Session *s, RfbRelay *relay, GError **error)
{
	unsigned runs = 0;
	gsize spent = 0;
	Io io = out_flush(&s->desktop, error);

	if (io != IO_DONE)
		return io;
	for (;;) {
		io = run_send(&relay->up, &s->client, &s->desktop, error);
		if (io != IO_DONE)
			return io;
		/* Not before it has left: what comes until then is still in the old format. */
		if (relay->viewer.format_leaving) {
			rfb_pixels_read(relay->viewer.format, &relay->desktop.units.next);
			relay->viewer.format_leaving = FALSE;
		}
		if (deaf(relay))
			return IO_WAIT;
		if (!judge_viewer(s, relay, error))
			return IO_FAIL;
		if (relay->up.ready > 0 || relay->up.skip > 0) {
			if (++runs > RUNS_MAX)
				return IO_DONE;
			continue;
		}
		if (spent >= PUMP_BURST)
			return IO_DONE;
		io = read_more(s, &s->client, &relay->viewer.units, &spent, error);
		if (io != IO_DONE)
			return io;
	}
}

/* The same, the other way. What a hand-over has left to say counts: the end of a rectangle may be
 * as large as max_session_memory. */
static Io pump_down(Session *s, RfbRelay *relay, GError **error)
{
	unsigned runs = 0;
	gsize spent;
	Io io = peer_hand_over_some(&s->client, PUMP_BURST, &spent, error);

	if (io != IO_DONE || buffer_length(&s->client.out) > 0)
		return io;
	for (;;) {
		io = run_send(&relay->down, &s->desktop, &s->client, error);
		if (io == IO_DONE)
			io = speak(s, relay, error);
		if (io != IO_DONE)
			return io;
		if (!judge_desktop(s, relay, error))
			return IO_FAIL;
		if (relay->down.ready > 0 || relay->down.skip > 0) {
			if (++runs > RUNS_MAX)
				return IO_DONE;
			continue;
		}
		if (spent >= PUMP_BURST)
			return IO_DONE;
		io = read_more(s, &s->desktop, &relay->desktop.units, &spent, error);
		if (io != IO_DONE)
			return io;
	}
}

static RfbRelay *begin(Session *s)
{
	RfbRelay *relay = g_new0(RfbRelay, 1);

	rfb_units_init(&relay->viewer.units);
	rfb_units_init(&relay->desktop.units);
	memcpy(relay->viewer.format, rfb_canonical, sizeof rfb_canonical);
	if (s->dialing != NULL) {
		relay->viewer.width = desktop_rfb_client(s)->width;
		relay->viewer.height = desktop_rfb_client(s)->height;
	}
	s->relaying = relay;
	return relay;
}

static Step rfb_run(Session *s, GError **error)
{
	RfbRelay *relay = s->relaying ? s->relaying : begin(s);
	gboolean was_deaf;
	Io up, down;

	/* The desktop first: its last words go out before a write to it tells that it is gone. */
	down = pump_down(s, relay, error);
	if (down == IO_EOF || down == IO_FAIL)
		return session_desktop_io(s, down, error);
	up = pump_up(s, relay, error);
	if (up == IO_EOF || up == IO_FAIL)
		return session_client_io(s, up);
	if (up == IO_DONE || down == IO_DONE)
		session_wake_after(s, 0);
	was_deaf = deaf(relay);
	up = ask(s, relay, error);
	if (up == IO_EOF || up == IO_FAIL)
		return session_desktop_io(s, up, error);
	down = speak(s, relay, error);
	if (down == IO_EOF || down == IO_FAIL)
		return session_client_io(s, down);
	/* Nobody watches a viewer that is not listened to: its next word would not be noticed. */
	if (was_deaf && !deaf(relay))
		session_wake_after(s, 0);
	return STEP_WAIT;
}

static void rfb_close(Session *s)
{
	RfbRelay *relay = g_steal_pointer(&s->relaying);

	if (relay == NULL)
		return;
	rfb_flow_free(relay->viewer.flow);
	g_free(relay->viewer.held);
	g_free(relay->viewer.encodings);
	g_free(relay->viewer.size);
	g_free(relay);
}

static void rfb_release_keys(Session *s)
{
	rfb_handover_release(s, s->relaying);
}

static gboolean rfb_part(Session *s)
{
	return rfb_handover_part(s, s->relaying);
}

static gboolean rfb_arrive(Session *s, GError **error)
{
	return rfb_handover_arrive(s, s->relaying, desktop_rfb_client(s), error);
}

const Relay relay_rfb = {
	.name = "rfb",
	.run = rfb_run,
	.release_keys = rfb_release_keys,
	.part = rfb_part,
	.arrive = rfb_arrive,
	.close = rfb_close,
};
