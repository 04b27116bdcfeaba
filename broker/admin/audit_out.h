/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audit_out: the audit log for others: each entry as one line of JSON, to a file and to syslog
 * (oriel.conf(5): audit_file, audit_syslog). The store's log stays the truth, and this follows it
 * by its numbers on a thread of its own: only what was committed goes out, nobody waits for a slow
 * disk, and what could not be written is written later. After a kill a few lines may come twice;
 * their id tells. How far each way has come is in `state`.
 *
 * The file may be moved away or cut at any time (logrotate): the next line looks.
 */
#pragma once

#include "core_parts.h"

/* Sets core->audit_out; leaves it NULL where nothing is configured. FAULT_CONFIG if the file cannot
 * be written. */
gboolean audit_out_start(Core *core, GError **error);
/* There is a new entry, or will be in a moment. Any thread; accepts a core that has none. */
void audit_out_wake(Core *core);
/* Sends what is left, as far as it goes. Accepts a core that has none. */
void audit_out_stop(Core *core);
