/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * last_words: what the broker hears when this process dies of its desktop. The libraries that read
 * a desktop's bytes end the process when they cannot go on: memory beyond the limit that the broker
 * has set, an assertion, a fault. That is the end of this one session, and here it is told why.
 */
#pragma once

#include "control/control.h"

/* For the rest of the process, on this descriptor: a pair of packets, as wire.h has it. Handlers
 * that are there already (a build for checking has its own) stay. */
void last_words_init(int fd);

/* This is sent if the process dies. A copy; NULL: nothing is. */
void last_words_set(const ControlMessage *message);
