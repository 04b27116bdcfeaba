/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session-io: see session-io.h. */
#include "session-io.h"

#include "fault.h"
#include "secret.h"

Step session_client_io(Session *session, Io io)
{
	static const Step steps[] = {STEP_NEXT, STEP_WAIT, STEP_END, STEP_FAIL};

	return steps[io];
}

Step session_desktop_io(Session *session, Io io, GError **error)
{
	if (io != IO_EOF)
		return session_client_io(session, io);
	g_set_error(error, FAULT, FAULT_DESKTOP, "the desktop closed the connection");
	return STEP_FAIL;
}

void session_io_clear(Session *session)
{
	peer_clear(&session->client);
	peer_clear(&session->desktop);
	secret_free(session->ask.ticket);
	secret_free(session->ask.password);
	g_free(session->ask.user);
	g_free(session->ask.desktop);
	g_free(session->ask.channel);
}
