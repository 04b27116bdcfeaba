/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pump: see pump.h. */
#include "relay/pump.h"

#define READ_COST (16 * 1024)

Io pump_read(Peer *from, gsize max, gsize *spent, GError **error)
{
	guint64 before = from->bytes_in;
	Io io = peer_read(from, max, error);

	*spent += MAX(from->bytes_in - before, READ_COST);
	return io;
}

Io pump(Peer *from, Peer *to, GError **error)
{
	gsize spent = 0;

	for (;;) {
		gsize n;
		Io io;

		while (buffer_length(&from->in) > 0) {
			io = peer_write(to, buffer_bytes(&from->in), buffer_length(&from->in), &n,
					error);
			if (io != IO_DONE)
				return io;
			buffer_consume(&from->in, n);
		}
		if (spent >= PUMP_BURST)
			return IO_DONE;
		io = pump_read(from, PUMP_BURST, &spent, error);
		if (io != IO_DONE)
			return io;
	}
}
