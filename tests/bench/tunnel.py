#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tunnel: a line between two network namespaces, packet by packet, for kernels without netem.

    tunnel.py ONE_WAY_MS [MBIT_PER_SECOND [LOSS_PERCENT [TCP]]]

Both ends are tun devices, so that the kernel's own TCP meets the delay, the rate (0 = as fast as may
be) and the losses, each in both directions. Before the narrow place there is room for 100 ms of bytes;
what finds none is lost. The near end is in the namespace where it was started, the far one in a
namespace of its own, which is this process's: both end with it. TCP: which congestion control both use; of those that
every namespace may choose, reno does with the few packets on their way here what Debian's cubic does.
Says when it is there.
"""

import collections
import contextlib
import ctypes
import fcntl
import os
import pathlib
import random
import select
import struct
import subprocess
import sys
import time

NEAR, FAR = "10.77.0.1", "10.77.0.2"
QUEUE = 0.1
PACKET = 2048  # and more than the devices' 1500
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
CLONE_NEWNET = 0x40000000


def device(name, mine, other, tcp):
    """A tun device in this process's namespace."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    for words in (f"addr add {mine} peer {other} dev {name}", f"link set {name} up", "link set lo up"):
        subprocess.run(["ip", *words.split()], check=True)
    pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").write_text(tcp)
    return fd


class Direction:
    """Packets from one device to the other."""

    def __init__(self, source, sink, delay, rate, loss):
        self.source, self.sink = source, sink
        self.delay, self.rate, self.loss = delay, rate, loss
        self.free = 0.0  # when the narrow place will be
        self.packets = collections.deque()

    def take(self, now):
        with contextlib.suppress(BlockingIOError):
            while packet := os.read(self.source, PACKET):
                if random.random() < self.loss or self.free - now > QUEUE:
                    continue
                self.free = max(self.free, now) + (len(packet) / self.rate if self.rate else 0)
                self.packets.append((self.free + self.delay, packet))

    def give(self, now):
        while self.packets and self.packets[0][0] <= now:
            with contextlib.suppress(OSError):
                os.write(self.sink, self.packets.popleft()[1])

    def due(self):
        return self.packets[0][0] if self.packets else now_and(60)


def now_and(seconds):
    return time.monotonic() + seconds


def carry(near, far, line):
    directions = Direction(near, far, *line), Direction(far, near, *line)
    while True:
        wait = min(each.due() for each in directions) - time.monotonic()
        ready = select.select([near, far], [], [], max(wait, 0))[0]
        for each in directions:
            if each.source in ready:
                each.take(time.monotonic())
            each.give(time.monotonic())


def main(delay, rate=0.0, loss=0.0, tcp="reno"):
    random.seed(1)
    near = device("near", NEAR, FAR, tcp)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    far = device("far", FAR, NEAR, tcp)
    print("ready", flush=True)
    carry(near, far, (float(delay) / 1000, float(rate) * 1e6 / 8, float(loss) / 100))


def alone():
    """This process and what it starts in a network of their own, once."""
    if "ORIEL_ALONE" not in os.environ:
        os.environ["ORIEL_ALONE"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


@contextlib.contextmanager
def line(*words):
    """The words before a command that put it at the far end."""
    process = subprocess.Popen([sys.executable, __file__, *map(str, words)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n", "no line"
        yield ["nsenter", f"--net=/proc/{process.pid}/ns/net", "--"]
    finally:
        process.kill()
        process.wait(10)


if __name__ == "__main__":
    main(*sys.argv[1:])
