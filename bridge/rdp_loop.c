/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rdp_loop: see rdp_loop.h. */
#include "rdp_loop.h"

#include <winpr/synch.h>

#include "rdp_why.h"
#include "stall.h"

#define HANDLES 64

typedef struct {
	GSource base;
	freerdp *instance;
	RdpLoopEnded ended;
	gpointer owner;
	gpointer tags[HANDLES];
	int fds[HANDLES];
	guint n;
} Loop;

/* Which descriptors there are changes with the channels. */
static void follow_handles(Loop *loop)
{
	HANDLE handles[HANDLES];
	guint n = freerdp_get_event_handles(loop->instance->context, handles, HANDLES);
	gboolean same = n == loop->n;

	for (guint i = 0; i < n && same; i++)
		same = GetEventFileDescriptor(handles[i]) == loop->fds[i];
	if (same)
		return;
	for (guint i = 0; i < loop->n; i++)
		g_source_remove_unix_fd(&loop->base, loop->tags[i]);
	loop->n = n;
	for (guint i = 0; i < n; i++) {
		loop->fds[i] = GetEventFileDescriptor(handles[i]);
		loop->tags[i] = g_source_add_unix_fd(&loop->base, loop->fds[i], G_IO_IN);
	}
}

static gboolean loop_check(GSource *base)
{
	Loop *loop = (Loop *)base;

	for (guint i = 0; i < loop->n; i++)
		if (g_source_query_unix_fd(base, loop->tags[i]))
			return TRUE;
	return FALSE;
}

static gboolean loop_dispatch(GSource *base, GSourceFunc callback, gpointer data)
{
	Loop *loop = (Loop *)base;
	freerdp *instance = loop->instance;
	gboolean goes_on, in_time;
	const char *words;

	g_source_set_ready_time(base, -1);
	stall_begin(STALL_SECONDS);
	goes_on = freerdp_check_event_handles(instance->context);
	in_time = stall_end();
	if (!goes_on || !in_time || freerdp_shall_disconnect(instance)) {
		Fault fault = rdp_why_ended(instance, in_time, &words);

		loop->ended(loop->owner, fault, words);
		return G_SOURCE_REMOVE;
	}
	follow_handles(loop);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs loop_functions = {.check = loop_check, .dispatch = loop_dispatch};

GSource *rdp_loop_new(freerdp *instance, RdpLoopEnded ended, gpointer owner)
{
	GSource *base = g_source_new(&loop_functions, sizeof(Loop));
	Loop *loop = (Loop *)base;

	loop->instance = instance;
	loop->ended = ended;
	loop->owner = owner;
	follow_handles(loop);
	/* What came behind the handshake has been read, maybe, and nobody tells of it again. */
	g_source_set_ready_time(base, 0);
	g_source_attach(base, NULL);
	return base;
}
