/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ready: what an epoll loop of the benchmark's programs finds in an event's data.ptr, as the first
 * member of what it is about. */
#pragma once

typedef struct Ready Ready;

struct Ready {
	void (*take)(Ready *ready); /* something has come, or may leave; may free it */
};
