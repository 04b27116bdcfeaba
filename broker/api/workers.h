/* SPDX-License-Identifier: GPL-3.0-or-later */
/* workers: the threads on which handlers block; a bounded number with a bounded queue for each
 * kind of work. */
#pragma once

#include "route.h"

typedef struct Workers Workers;

Workers *workers_new(void);

/* Runs the job on a thread for this kind of work; false (and it will not run) if too many wait. */
gboolean workers_push(Workers *workers, Work work, void (*run)(gpointer data), gpointer data);

/* Waits for all jobs, also those that wait; pushing is refused from now on. */
void workers_drain(Workers *workers);

/* Drains and frees; accepts NULL. */
void workers_free(Workers *workers);
