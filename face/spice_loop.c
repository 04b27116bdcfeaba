/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_loop: see spice_loop.h. */
#include "spice_loop.h"

#include <glib-unix.h>

struct SpiceTimer {
	SpiceTimerFunc run;
	void *opaque;
	guint source;
};

struct SpiceWatch {
	int fd;
	SpiceWatchFunc run;
	void *opaque;
	guint source;
};

static gboolean on_timer(gpointer data)
{
	SpiceTimer *timer = data;

	timer->source = 0; /* it may start or remove itself */
	timer->run(timer->opaque);
	return G_SOURCE_REMOVE;
}

static SpiceTimer *timer_add(SpiceTimerFunc run, void *opaque)
{
	SpiceTimer *timer = g_new0(SpiceTimer, 1);

	timer->run = run;
	timer->opaque = opaque;
	return timer;
}

static void timer_cancel(SpiceTimer *timer)
{
	if (timer->source != 0)
		g_source_remove(timer->source);
	timer->source = 0;
}

static void timer_start(SpiceTimer *timer, uint32_t ms)
{
	timer_cancel(timer);
	timer->source = g_timeout_add(ms, on_timer, timer);
}

static void timer_remove(SpiceTimer *timer)
{
	timer_cancel(timer);
	g_free(timer);
}

static gboolean on_ready(int fd, GIOCondition condition, gpointer data)
{
	SpiceWatch *watch = data;
	int events = 0;

	if (condition & (G_IO_IN | G_IO_HUP | G_IO_ERR))
		events |= SPICE_WATCH_EVENT_READ;
	if (condition & G_IO_OUT)
		events |= SPICE_WATCH_EVENT_WRITE;
	watch->run(fd, events, watch->opaque); /* it may be gone now, and its source with it */
	return G_SOURCE_CONTINUE;
}

static void watch_update_mask(SpiceWatch *watch, int events)
{
	GIOCondition condition = 0;

	if (watch->source != 0)
		g_source_remove(watch->source);
	watch->source = 0;
	if (events & SPICE_WATCH_EVENT_READ)
		condition |= G_IO_IN | G_IO_HUP | G_IO_ERR;
	if (events & SPICE_WATCH_EVENT_WRITE)
		condition |= G_IO_OUT;
	if (condition != 0)
		watch->source = g_unix_fd_add(watch->fd, condition, on_ready, watch);
}

static SpiceWatch *watch_add(int fd, int events, SpiceWatchFunc run, void *opaque)
{
	SpiceWatch *watch = g_new0(SpiceWatch, 1);

	watch->fd = fd;
	watch->run = run;
	watch->opaque = opaque;
	watch_update_mask(watch, events);
	return watch;
}

static void watch_remove(SpiceWatch *watch)
{
	watch_update_mask(watch, 0);
	g_free(watch);
}

void spice_loop_fill(SpiceCoreInterface *core)
{
	core->base.type = SPICE_INTERFACE_CORE;
	core->base.description = "GLib's main loop";
	core->base.major_version = SPICE_INTERFACE_CORE_MAJOR;
	core->base.minor_version = SPICE_INTERFACE_CORE_MINOR;
	core->timer_add = timer_add;
	core->timer_start = timer_start;
	core->timer_cancel = timer_cancel;
	core->timer_remove = timer_remove;
	core->watch_add = watch_add;
	core->watch_update_mask = watch_update_mask;
	core->watch_remove = watch_remove;
}
