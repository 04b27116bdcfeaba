/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a SPICE client may say to the agent of a face, in two parts. */
#include "spice_agent.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void on_clipboard(gpointer owner, const char *text)
{
	g_assert(g_utf8_validate(text, -1, NULL));
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	SpiceAgent *agent;
	guint8 answer[64];

	if (size == 0)
		return 0;
	agent = spice_agent_new(on_clipboard, NULL);
	spice_agent_take(agent, data, size / 2);
	spice_agent_take(agent, data + size / 2, size - size / 2);
	while (spice_agent_give(agent, answer, sizeof answer) > 0)
		;
	spice_agent_free(agent);
	return 0;
}
