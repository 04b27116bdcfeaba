# SPDX-License-Identifier: GPL-3.0-or-later
"""What the clients of every protocol share: bytes from somebody who may go at any moment."""

import pathlib
import socket
import ssl
import sys


class Gone(Exception):
    """The other side closed the connection in the middle of what we wanted to read."""


def told(data, n):
    return f"{len(data)} of {n} bytes: {data[:64]!r}"


def read_exactly(sock, n):
    data = b""
    while len(data) < n:
        try:
            more = sock.recv(n - len(data))
        except ConnectionError as error:
            raise Gone(f"{error} after {told(data, n)}") from error
        if not more:
            raise Gone(f"after {told(data, n)}")
        data += more
    return data


def has_closed(sock):
    """True if the other side has closed, whatever it still said before."""
    try:
        while sock.recv(65536):
            pass
    except socket.timeout:
        return False
    except (ConnectionError, ssl.SSLError):
        pass
    return True


def proc_address(address):
    """As /proc/net/tcp writes it."""
    host, port = address
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"


def has_heard(sock):
    """True if who is at the other end, on this machine, has read all that was said to it over TCP."""
    ours, theirs = proc_address(sock.getsockname()), proc_address(sock.getpeername())
    rows = [row.split()[1:5] for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    unsent = [queues.split(":")[0] for local, remote, _, queues in rows if (local, remote) == (ours, theirs)]
    unread = [queues.split(":")[1] for local, remote, _, queues in rows if (local, remote) == (theirs, ours)]
    return unsent + unread == ["00000000"] * 2
