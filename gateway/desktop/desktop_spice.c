/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * desktop_spice: links one channel to a desktop's SPICE server in the viewer's stead. Main has its
 * endpoint from its lease; every other channel asks for one of its own. In main's first message
 * (MAIN_INIT) the desktop's session id becomes the one that the broker gave the lease, by which
 * every gateway process finds the session again; the broker remembers the desktop's own.
 *
 * libspice-server 0.15.1 crashes, and the whole VM with it, when a display channel is lost between
 * its link and the end of its first message's (DISPLAY_INIT) handling: the viewer's line drops, or
 * the next message cannot be parsed. So a display's viewer is welcomed first and its INIT awaited;
 * only then is the desktop touched, and INIT leaves together with the ticket. From there until the
 * desktop's first display message, nothing more is sent to it, and its connection is not closed,
 * whatever becomes of the viewer.
 *
 * Below a relay it links the same channel, in the same words, to the desktop that takes the place
 * of another (spice_swap.h). Such a one must not use the dictionary that all pictures of a session
 * share (GLZ): the viewer keeps it from the desktop before, and nothing makes it forget.
 */
#include "front/front_spice.h"
#include "reader.h"
#include "relay/spice_relay.h"
#include "spice/spice_frame.h"
#include "spice/spice_link_client.h"

#define PICTURE_MS   3000  /* a display that has no surface yet says nothing */
#define KEEP_OPEN_MS 10000 /* for a desktop that still handles INIT */
#define BASE_MAX     4096  /* bytes of messages before the first display message: SET_ACK, PING */

typedef struct {
	guint32 connection_id; /* 0 on main */
	gboolean has_endpoint;
	SpiceLinkClient *link; /* NULL until connected */
	guint64 linked_at;     /* ms; 0 = not yet */
	gboolean fragile;      /* the desktop does not survive the end of this connection now */
	gboolean told_twice;   /* the broker went away with the first word */
} SpiceDial;

static void spice_close(Session *s)
{
	SpiceDial *dial = g_steal_pointer(&s->dialing);

	if (dial == NULL)
		return;
	if (dial->fragile)
		session_keep_desktop_open(s, KEEP_OPEN_MS);
	spice_link_client_free(dial->link);
	g_free(dial);
}

/* INIT, and what has to be said with it; *out_n bytes, g_free() them; NULL = nothing. */
static guint8 *first_words(const FrontSpiceChannel *channel, gboolean again, gsize *out_n)
{
	static const guint8 no_dictionary[] = {
		SPICE_DISPLAY_PREFERRED_COMPRESSION, 0, 1, 0, 0, 0, SPICE_COMPRESSION_AUTO_LZ};
	gsize n, more = again ? sizeof no_dictionary : 0;
	gconstpointer init;
	guint8 *words;

	*out_n = 0;
	if (channel->display_init == NULL)
		return NULL;
	init = g_bytes_get_data(channel->display_init, &n);
	words = g_malloc(n + more);
	memcpy(words, init, n);
	memcpy(words + n, no_dictionary, more);
	*out_n = n + more;
	return words;
}

static SpiceDial *begin(Session *s, GError **error)
{
	gboolean is_main = s->ask.kind != ASK_JOIN;
	SpiceDial *dial;

	if ((is_main ? s->client_id : s->backend_id) == 0) {
		g_set_error_literal(error, FAULT, FAULT_BROKER,
				    "a SPICE lease without a session id");
		return NULL;
	}
	dial = g_new0(SpiceDial, 1);
	dial->connection_id = is_main ? 0 : s->backend_id;
	dial->has_endpoint = is_main;
	return dial;
}

static Step await_display_init(Session *s, FrontSpiceChannel *channel, GError **error)
{
	const gsize n = SPICE_FRAME_HEADER + SPICE_DISPLAY_INIT_BODY;
	Step step = s->front->welcome(s, error);
	guint16 type;
	guint32 size;
	Reader r;

	if (step != STEP_NEXT)
		return step;
	step = session_client_io(s, peer_need(&s->client, n, error));
	if (step != STEP_NEXT)
		return step;
	reader_init(&r, buffer_bytes(&s->client.in), n);
	type = reader_u16le(&r);
	size = reader_u32le(&r);
	if (type != SPICE_DISPLAY_INIT || size != SPICE_DISPLAY_INIT_BODY) {
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "the display channel starts with message %u of %u bytes, not with INIT",
			    type, size);
		return STEP_FAIL;
	}
	channel->display_init = g_bytes_new(buffer_bytes(&s->client.in), n);
	buffer_consume(&s->client.in, n);
	return STEP_NEXT;
}

static Step ask_endpoint(Session *s, SpiceDial *dial, GError **error)
{
	Step step;

	if (!session_asking(s)) {
		ControlMessage request = {.type = CONTROL_DIAL, .lease = s->lease};

		session_request(s, &request);
	}
	step = session_answer(s, error);
	dial->has_endpoint = step == STEP_NEXT;
	return step;
}

static Step link_channel(Session *s, SpiceDial *dial, const FrontSpiceChannel *channel,
			 GError **error)
{
	if (dial->link == NULL) {
		SpiceLinkMess mess;
		gsize n;
		g_autofree guint8 *first = first_words(channel, s->relaying != NULL, &n);

		spice_link_forward(&channel->mess, dial->connection_id, &mess);
		dial->link = spice_link_client_new(&mess, s->endpoint.password, first, n,
						   &s->desktop.out);
		dial->fragile = first != NULL;
	}
	for (;;) {
		SpiceLinkClientEvent event =
			spice_link_client_step(dial->link, &s->desktop.in, &s->desktop.out, error);
		Io io;

		if (event == SPICE_LINK_CLIENT_FAILED) {
			s->no_channel = spice_link_client_refusal(dial->link) ==
					SPICE_LINK_CHANNEL_NOT_AVAILABLE;
			return STEP_FAIL;
		}
		io = peer_flush(&s->desktop, error);
		if (io != IO_DONE)
			return session_desktop_io(s, io, error);
		if (event == SPICE_LINK_CLIENT_READY)
			return STEP_NEXT;
		io = peer_need(&s->desktop, spice_link_client_needs(dial->link), error);
		if (io != IO_DONE)
			return session_desktop_io(s, io, error);
	}
}

/* How many bytes desktop.in must hold to tell; 0: there is a message of the display itself. */
static gsize picture_needs(const Buffer *in)
{
	gsize at = 0;

	while (at + SPICE_FRAME_HEADER <= buffer_length(in)) {
		Reader r;

		reader_init(&r, buffer_bytes(in) + at, SPICE_FRAME_HEADER);
		if (reader_u16le(&r) >= SPICE_FRAME_CHANNEL_FIRST)
			return 0;
		at += SPICE_FRAME_HEADER + (gsize)reader_u32le(&r);
	}
	return at + SPICE_FRAME_HEADER;
}

/* Waits until the desktop has handled INIT. What it said stays in desktop.in, for the relay. */
static Step await_picture(Session *s, SpiceDial *dial, GError **error)
{
	guint64 waited;
	gsize needs;

	if (dial->linked_at == 0)
		dial->linked_at = session_now(s);
	waited = session_now(s) - dial->linked_at;
	while ((needs = picture_needs(&s->desktop.in)) > 0 && waited < PICTURE_MS) {
		Io io;

		if (needs > BASE_MAX) {
			g_set_error(error, FAULT, FAULT_DESKTOP,
				    "%zu bytes before the display's first message", needs);
			return STEP_FAIL;
		}
		io = peer_need(&s->desktop, needs, error);
		if (io == IO_WAIT)
			session_wake_after(s, PICTURE_MS - waited);
		if (io != IO_DONE)
			return session_desktop_io(s, io, error);
	}
	dial->fragile = FALSE;
	return STEP_NEXT;
}

/* The viewer opens its other channels as soon as it has INIT; before that the broker must know to
 * which of the desktop's sessions they belong. INIT stays in desktop.in, for the relay. */
static Step introduce(Session *s, SpiceDial *dial, GError **error)
{
	Step step =
		session_desktop_io(s, peer_need(&s->desktop, SPICE_FRAME_MAIN_INIT, error), error);

	if (step != STEP_NEXT)
		return step;
	if (!session_asking(s)) {
		ControlMessage request = {.type = CONTROL_LINKED, .lease = s->lease};

		if (!spice_frame_main_init(buffer_bytes(&s->desktop.in), SPICE_FRAME_MAIN_INIT,
					   &s->backend_id, error))
			return STEP_FAIL;
		request.backend_id = s->backend_id;
		session_request(s, &request);
	}
	step = session_answer(s, error);
	if (step == STEP_FAIL && fault_code(*error) == FAULT_BROKER && !dial->told_twice) {
		dial->told_twice = TRUE;
		g_clear_error(error);
		return introduce(s, dial, error);
	}
	if (step == STEP_NEXT)
		spice_frame_main_init_set(buffer_bytes(&s->desktop.in), s->client_id);
	return step;
}

static Step spice_dial(Session *s, GError **error)
{
	FrontSpiceChannel *channel = s->relaying != NULL ? spice_relay_channel(s)
							 : front_spice_channel(s);
	SpiceDial *dial = s->dialing;
	Step step;

	if (dial == NULL)
		s->dialing = dial = begin(s, error);
	if (dial == NULL)
		return STEP_FAIL;
	s->no_channel = FALSE;
	if (channel->mess.type == SPICE_CHANNEL_DISPLAY && channel->display_init == NULL) {
		step = await_display_init(s, channel, error);
		if (step != STEP_NEXT)
			return step;
	}
	if (!dial->has_endpoint) {
		step = ask_endpoint(s, dial, error);
		if (step != STEP_NEXT)
			return step;
	}
	if (g_strcmp0(s->endpoint.protocol, "spice") != 0) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "the desktop's display is %s, not SPICE",
			    s->endpoint.protocol ? s->endpoint.protocol : "none");
		return STEP_FAIL;
	}
	step = session_connect(s, error);
	if (step == STEP_NEXT)
		step = link_channel(s, dial, channel, error);
	if (step == STEP_NEXT && dial->connection_id == 0)
		step = introduce(s, dial, error);
	if (step == STEP_NEXT && dial->fragile)
		step = await_picture(s, dial, error);
	return step;
}

const Desktop desktop_spice = {.name = "spice", .dial = spice_dial, .close = spice_close};
