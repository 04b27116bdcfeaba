/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kept: descriptors that wait to be fetched by the other end of a tunnel, each by a secret, once,
 * within half a minute. Thread-safe. */
#pragma once

#include <glib.h>

typedef struct Kept Kept;

Kept *kept_new(void);
void kept_free(Kept *kept); /* closes what nobody fetched; accepts NULL */

/* Takes the descriptor; the secret is for secret_free(). When too many wait, the oldest goes. */
char *kept_add(Kept *kept, int fd);
/* The descriptor, now the caller's; -1 if there is none by that secret any more. */
int kept_take(Kept *kept, const char *secret);
/* Closes what has waited too long. */
void kept_expire(Kept *kept);
