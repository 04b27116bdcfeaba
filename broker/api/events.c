/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * events: see events.h. A stream without news is a suspended connection. One thread wakes those
 * that have some: it gathers for a moment first, since one deed writes several tables.
 */
#include "events.h"

#include <string.h>

#define STREAMS_MAX 64
#define GATHER_US   (100 * G_TIME_SPAN_MILLISECOND)
#define BEAT_US     (15 * G_TIME_SPAN_SECOND) /* below every timeout on the way */
#define LIFE_US     (5 * G_TIME_SPAN_MINUTE)
#define BEAT        (1u << 31)

static const struct {
	unsigned what;
	const char *text;
} texts[] = {
	{CHANGE_SESSIONS, "event: sessions\ndata: 1\n\n"},
	{CHANGE_DESKTOPS, "event: desktops\ndata: 1\n\n"},
	{CHANGE_POOLS, "event: pools\ndata: 1\n\n"},
	{CHANGE_HOSTS, "event: hosts\ndata: 1\n\n"},
	{CHANGE_QUOTAS, "event: quotas\ndata: 1\n\n"},
	{CHANGE_BANS, "event: bans\ndata: 1\n\n"},
	{CHANGE_AUDIT, "event: audit\ndata: 1\n\n"},
	{BEAT, ": still here\nretry: 1000\n\n"},
};

typedef struct {
	Events *events;
	struct MHD_Connection *connection;
	unsigned news;
	gboolean suspended;
	gint64 until;
} Stream;

struct Events {
	Core *core;
	GMutex lock; /* of everything below */
	GCond cond;
	GThread *thread;
	GPtrArray *streams;
	unsigned news;
	gboolean closed;
};

static void told(unsigned what, gpointer data)
{
	Events *events = data;

	g_mutex_lock(&events->lock);
	events->news |= what;
	g_cond_signal(&events->cond);
	g_mutex_unlock(&events->lock);
}

static void wake_all(Events *events, unsigned news)
{
	for (unsigned i = 0; i < events->streams->len; i++) {
		Stream *stream = g_ptr_array_index(events->streams, i);

		stream->news |= news;
		if (!stream->suspended)
			continue;
		stream->suspended = FALSE;
		MHD_resume_connection(stream->connection);
	}
}

static gpointer run(gpointer data)
{
	Events *events = data;
	gint64 beat = g_get_monotonic_time() + BEAT_US;

	g_mutex_lock(&events->lock);
	while (!events->closed) {
		gint64 gathered;

		if (events->news == 0)
			g_cond_wait_until(&events->cond, &events->lock, beat);
		gathered = g_get_monotonic_time() + GATHER_US;
		while (events->news != 0 && !events->closed &&
		       g_cond_wait_until(&events->cond, &events->lock, gathered))
			;
		if (g_get_monotonic_time() >= beat) {
			events->news |= BEAT;
			beat = g_get_monotonic_time() + BEAT_US;
		}
		if (events->news != 0)
			wake_all(events, events->news);
		events->news = 0;
	}
	g_mutex_unlock(&events->lock);
	return NULL;
}

/* libmicrohttpd wants bytes; it asks again after a resume. */
static ssize_t give(void *data, uint64_t position, char *out, size_t max)
{
	Stream *stream = data;
	Events *events = stream->events;
	gsize n = 0;

	g_mutex_lock(&events->lock);
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		gsize length = strlen(texts[i].text);

		if (!(stream->news & texts[i].what) || length > max - n)
			continue;
		memcpy(out + n, texts[i].text, length);
		n += length;
		stream->news &= ~texts[i].what;
	}
	if (n == 0 && !events->closed && g_get_monotonic_time() < stream->until) {
		stream->suspended = TRUE;
		MHD_suspend_connection(stream->connection);
	} else if (n == 0) {
		n = (gsize)MHD_CONTENT_READER_END_OF_STREAM;
	}
	g_mutex_unlock(&events->lock);
	return (ssize_t)n;
}

static void stream_free(void *data)
{
	Stream *stream = data;
	Events *events = stream->events;

	g_mutex_lock(&events->lock);
	g_ptr_array_remove_fast(events->streams, stream);
	g_mutex_unlock(&events->lock);
	g_free(stream);
}

Events *events_new(Core *core)
{
	Events *events = g_new0(Events, 1);

	events->core = core;
	events->streams = g_ptr_array_new();
	g_mutex_init(&events->lock);
	g_cond_init(&events->cond);
	events->thread = g_thread_new("events", run, events);
	core_watch(core, told, events);
	return events;
}

static Stream *stream_new(Events *events, struct MHD_Connection *connection)
{
	Stream *stream = NULL;

	g_mutex_lock(&events->lock);
	if (events->streams->len < STREAMS_MAX && !events->closed) {
		stream = g_new0(Stream, 1);
		stream->events = events;
		stream->connection = connection;
		stream->news = BEAT; /* the browser sees at once that it works */
		stream->until = g_get_monotonic_time() + LIFE_US;
		g_ptr_array_add(events->streams, stream);
	}
	g_mutex_unlock(&events->lock);
	return stream;
}

struct MHD_Response *events_response(Events *events, struct MHD_Connection *connection)
{
	Stream *stream = stream_new(events, connection);
	struct MHD_Response *response;

	if (stream == NULL)
		return NULL;
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024, give, stream,
						     stream_free);
	if (response == NULL)
		stream_free(stream);
	return response;
}

void events_close(Events *events)
{
	GThread *thread;

	core_watch(events->core, NULL, NULL);
	g_mutex_lock(&events->lock);
	events->closed = TRUE;
	g_cond_signal(&events->cond);
	wake_all(events, 0);
	thread = g_steal_pointer(&events->thread);
	g_mutex_unlock(&events->lock);
	if (thread != NULL)
		g_thread_join(thread);
}

void events_free(Events *events)
{
	if (events == NULL)
		return;
	g_ptr_array_unref(events->streams);
	g_mutex_clear(&events->lock);
	g_cond_clear(&events->cond);
	g_free(events);
}
