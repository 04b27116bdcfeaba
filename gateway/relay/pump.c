/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pump: see pump.h. */
#include "relay/pump.h"

#define READ_MAX (BUFFER_CHUNK - BUFFER_HEADROOM)

Io pump(Peer *from, Peer *to, GError **error)
{
	gsize moved = 0;

	for (;;) {
		gsize n;
		Io io;

		while (buffer_length(&from->in) > 0) {
			io = peer_write(to, buffer_bytes(&from->in), buffer_length(&from->in), &n,
					error);
			if (io != IO_DONE)
				return io;
			buffer_consume(&from->in, n);
			moved += n;
		}
		if (moved >= PUMP_BURST)
			return IO_DONE;
		io = peer_read(from, READ_MAX, error);
		if (io != IO_DONE)
			return io;
		moved += PEER_READ_COST;
	}
}
