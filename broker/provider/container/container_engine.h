/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * container_engine: what the driver asks of a container engine, each call one or two requests of
 * the Docker Engine API (https://docs.docker.com/engine/api/). Paths carry no version: engines
 * differ in which they still know, and what is used here is in all of them. Thread-safe.
 *
 * Faults: FAULT_DESKTOP with the engine's own words, FAULT_TIMEOUT, FAULT_NOT_FOUND.
 */
#pragma once

#include <jansson.h>

#include "provider.h"

#define CONTAINER_PREFIX "oriel-" /* of our containers' names */

/* Labels of our containers. */
#define CONTAINER_DESKTOP  "oriel.desktop"
#define CONTAINER_IDENTITY "oriel.identity"
#define CONTAINER_PLACE    "oriel.place" /* the directory of the driver that made it */

typedef struct ContainerEngine ContainerEngine;

/* uri: "unix:///path". FAULT_CONFIG if it is not one, or nobody answers there now. */
ContainerEngine *container_engine_new(const char *uri, GError **error);
void container_engine_free(ContainerEngine *engine);
const char *container_engine_socket(const ContainerEngine *engine);

/* The engine's name for the image in that archive, loaded if it has not got it (g_free). An archive
 * that has changed is another image. Seconds to minutes the first time. FAULT_CONFIG. */
char *container_engine_image(ContainerEngine *engine, const char *archive, GError **error);

/* body: of the Docker Engine API's "create"; borrowed. FAULT_DESKTOP, FAULT_NOT_FOUND (its image),
 * with the engine's words. */
gboolean container_engine_create(ContainerEngine *engine, const char *name, json_t *body,
				 GError **error);
/* Nothing to do for one that runs. FAULT_DESKTOP, FAULT_NOT_FOUND. */
gboolean container_engine_start(ContainerEngine *engine, const char *name, GError **error);
/* Returns when it has ended. seconds 0: kills at once. Not an error if it is not there. */
gboolean container_engine_stop(ContainerEngine *engine, const char *name, unsigned seconds,
			       GError **error);
gboolean container_engine_state(ContainerEngine *engine, const char *name, ProviderState *out_state,
				GError **error);
/* Whatever state it is in; not an error if there is none. */
gboolean container_engine_remove(ContainerEngine *engine, const char *name, GError **error);
gboolean container_engine_host(ContainerEngine *engine, ProviderHost *out, GError **error);
/* Adds the ids of the desktops of that place that are not among them yet. */
gboolean container_engine_list(ContainerEngine *engine, const char *place, GPtrArray *ids,
			       GError **error);
