/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exporter: where Prometheus comes for /metrics: an HTTP server on a TCP port of its own, for the
 * machines that watch. It knows this one page; nothing of the portal or the API is there.
 */
#pragma once

#include "core.h"

typedef struct Exporter Exporter;

/* where: "address:port". The core must outlive it. FAULT_CONFIG. */
Exporter *exporter_start(Core *core, const char *where, GError **error);
/* Accepts NULL. */
void exporter_stop(Exporter *exporter);
