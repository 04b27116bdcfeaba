/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * brokers: the others on the same database. Each broker has a name, which it holds there as long as
 * it lives; one of them leads: it keeps what belongs to no machine (docs/scale-out.md). What ends a
 * session or wants a look is told to all. Where the database is a file, we are alone and lead.
 */
#pragma once

#include "control/control.h"
#include "core_parts.h"
#include "fault.h"

/* Takes our name, for which it waits seconds. FAULT_CONFIG if another broker has it. */
Brokers *brokers_new(Core *core, GError **error);
/* From here on it hears the others, and takes the lead when it is free. */
void brokers_start(Brokers *brokers);
void brokers_stop(Brokers *brokers); /* accepts NULL */
void brokers_free(Brokers *brokers); /* accepts NULL */

const char *brokers_name(const Brokers *brokers); /* ours */
gboolean brokers_lead(Brokers *brokers);

/* The others close the connections of this lease at their gateways. */
void brokers_tell_end(Brokers *brokers, const char *lease, Fault code, const char *reason);
/* A FOLLOW, which their gateways are told, too. Names are cut at what fits. */
void brokers_tell_follow(Brokers *brokers, const ControlMessage *follow);
/* There is something for their maintainers, and those who watch lists. */
void brokers_tell_wake(Brokers *brokers);
