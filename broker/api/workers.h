/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * workers: the threads on which handlers block, a bounded number for each kind of work. What waits
 * for them has a bounded row for each place that it comes from (limit_place()), and rows take turns
 * (lane.h): whoever asks for much at a time waits for it, and is refused, alone.
 */
#pragma once

#include "route.h"

typedef struct Workers Workers;

Workers *workers_new(void);

/* Runs the job on a thread for this kind of work; false (and it will not run) if too many of this
 * peer's place wait. */
gboolean workers_push(Workers *workers, Work work, const char *peer, void (*run)(gpointer data),
		      gpointer data);

/* Waits for all jobs, also those that wait; pushing is refused from now on. */
void workers_drain(Workers *workers);

/* Drains and frees; accepts NULL. */
void workers_free(Workers *workers);
