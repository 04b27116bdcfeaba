#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""line: a relay that is as far away as one says, for kernels without netem.

    line.py TARGET_HOST TARGET_PORT ONE_WAY_MS [MBIT_PER_SECOND [LOSS_PERCENT]]

Prints the port that it listens on. Every byte is late by so much, carried at that rate (0 = as fast
as may be), with room for 100 ms of bytes before the narrow place. A lost packet holds up itself and
all behind it for a round trip, as TCP's fast retransmission does.
"""

import asyncio
import random
import socket
import sys

PACKET = 1448
QUEUE = 0.1
BUFFER = 64 * 1024


class Direction:
    """The bytes of one direction of one connection."""

    def __init__(self, delay, rate, loss):
        self.delay, self.rate, self.loss = delay, rate, loss
        self.free = self.due = 0.0
        self.pieces = asyncio.Queue()

    async def take(self, source):
        clock = asyncio.get_running_loop().time
        while data := await source.read(PACKET):
            now = clock()
            self.free = max(self.free, now) + len(data) / self.rate if self.rate else now
            due = self.free + self.delay
            if random.random() < self.loss:
                due += 2 * self.delay
            self.due = max(self.due, due)
            self.pieces.put_nowait((self.due, data))
            if self.free - now > QUEUE:
                await asyncio.sleep(self.free - now - QUEUE)
        self.pieces.put_nowait((self.due, b""))

    async def give(self, sink):
        clock = asyncio.get_running_loop().time
        while True:
            due, data = await self.pieces.get()
            if due > clock():
                await asyncio.sleep(due - clock())
            if not data:
                sink.close()
                return
            sink.write(data)
            await sink.drain()


async def carry(near, target, line):
    reader, writer = near
    try:
        far_reader, far_writer = await asyncio.open_connection(sock=dial(target), limit=BUFFER)
        directions = Direction(*line), Direction(*line)
        await asyncio.gather(
            directions[0].take(reader), directions[0].give(far_writer),
            directions[1].take(far_reader), directions[1].give(writer),
        )
    except OSError:
        pass
    finally:
        writer.close()


def small(sock):
    """What waits should wait in the line, not in the kernel; and segments as on an Ethernet, since
    loopback's are as large as these buffers, and TCP waits for room for a whole one."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, PACKET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    return sock


def dial(target):
    sock = small(socket.socket())
    sock.connect(target)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


async def main(host, port, delay, rate=0.0, loss=0.0):
    random.seed(1)
    line = float(delay) / 1000, float(rate) * 1e6 / 8, float(loss) / 100
    listener = small(socket.socket())
    listener.bind(("127.0.0.1", 0))
    server = await asyncio.start_server(
        lambda *near: carry(near, (host, int(port)), line), sock=listener, limit=BUFFER
    )
    print(listener.getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
