/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session-io: what session.c makes of a read or a write, for fixtures that play the rest of it. */
#include "fault.h"
#include "session.h"

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
