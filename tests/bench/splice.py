#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""splice: the plainest relay: bytes as they come.

    splice.py HOST PORT

Prints the port that it listens on, at every address.
"""

import contextlib
import socket
import subprocess
import sys
import threading

CHUNK = 64 * 1024


def copy(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def main(host, port):
    with socket.create_server(("", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            pair = listener.accept()[0], socket.create_connection((host, int(port)))
            for sock in pair:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for ends in (pair, pair[::-1]):
                threading.Thread(target=copy, args=ends, daemon=True).start()


@contextlib.contextmanager
def relay(host, port, where=()):
    """The port of one to there; where: words before the command."""
    process = subprocess.Popen([*where, sys.executable, __file__, host, str(port)], stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait(10)


if __name__ == "__main__":
    main(*sys.argv[1:])
