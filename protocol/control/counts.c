/* SPDX-License-Identifier: GPL-3.0-or-later */
/* counts: see counts.h. */
#include "control/counts.h"

/* Only ever added to; "other" stays the first. */
static const char *const steps[] = {"other", "proxy",  "secure", "sniff",
				    "greet", "redeem", "dial",   "welcome"};
G_STATIC_ASSERT(COUNTS_LOST + G_N_ELEMENTS(steps) <= COUNTS_N);

unsigned counts_step(const char *name)
{
	for (unsigned i = 1; i < G_N_ELEMENTS(steps); i++) {
		if (g_str_equal(name, steps[i]))
			return i;
	}
	return 0;
}

const char *counts_step_name(unsigned step)
{
	return step < G_N_ELEMENTS(steps) ? steps[step] : NULL;
}
