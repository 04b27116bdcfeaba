/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rdp_why: why an RDP desktop was not reached or has ended, in words for who waits for it.
 * FreeRDP's own words are for who knows RDP.
 */
#pragma once

#include <freerdp/freerdp.h>
#include <glib.h>

#include "fault.h"

/* Of freerdp_connect() that failed. in_time: FALSE if it was cut off (stall.h). */
void rdp_why_not(const freerdp *instance, gboolean in_time, GError **error);

/* Of a connection that was there. out_words: static. */
Fault rdp_why_ended(const freerdp *instance, gboolean in_time, const char **out_words);
