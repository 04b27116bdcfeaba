/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * container_watch: a thread that listens to a container engine's events and tells of desktops that
 * end by themselves. When the engine's service goes away it listens again as soon as it is back.
 */
#pragma once

#include "container/container_engine.h"

typedef struct ContainerWatch ContainerWatch;

/* For the desktops of that place. The engine must outlive it. */
ContainerWatch *container_watch_new(ContainerEngine *engine, const char *place, ProviderEvent event,
				    gpointer user_data);
/* No event comes after this. Takes up to a second. Not from within an event. */
void container_watch_free(ContainerWatch *watch);

/*
 * An end of this desktop is wanted: no event, until container_watch_mind_end(). That belongs behind
 * a start that has worked: word of the wanted end may come during it. From then on there is an
 * event for each end, but for one that is told of late, when the desktop runs again.
 */
void container_watch_expect_end(ContainerWatch *watch, const char *desktop_id);
void container_watch_mind_end(ContainerWatch *watch, const char *desktop_id);
