# SPDX-License-Identifier: GPL-3.0-or-later
"""What the clients of every protocol share: bytes from somebody who may go at any moment."""

import socket
import ssl


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
