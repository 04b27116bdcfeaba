/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sandbox_tunnel: what a tunnel may still do: read its certificate and what names are looked up by;
 * on the gateway's side, make its sockets; on the broker's, listen. */
#pragma once

#include "options.h"

/* out_lacks: as for the broker (sandbox_broker.h). */
gboolean sandbox_tunnel(const Options *options, const char **out_lacks, GError **error);
