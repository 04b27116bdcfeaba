# SPDX-License-Identifier: GPL-3.0-or-later
"""The SPICE link and message frames, spoken byte by byte: as much as spice-gtk does until its
first picture, with every chance to stop or lie on the way."""

import socket
import ssl
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from peer import Gone, has_closed, read_exactly  # noqa: F401

MAIN, DISPLAY, INPUTS, CURSOR = 1, 2, 3, 4
OK, INVALID_MAGIC, INVALID_DATA, PERMISSION_DENIED = 0, 2, 3, 7
AUTH_SPICE, AUTH_SASL = 1, 2
SASL_OFFERED = 1 << 2  # of the common capabilities
MAIN_INIT, CHANNELS_LIST, SWITCH_HOST = 103, 104, 111
ATTACH_CHANNELS = 104
DISPLAY_INIT = 101
KEY_DOWN, KEY_UP = 101, 102
KEY_MODIFIERS = 102  # from the desktop: the lights of the keyboard
DRAW_COPY, SURFACE_CREATE = 304, 314
STREAM_CREATE, STREAM_DATA, STREAM_DATA_SIZED = 122, 123, 316
RAW = 0  # of a picture's formats
LETTER, RETURN = (0x1e, 0x9e), (0x1c, 0x9c)  # a key goes down, and up
# What spice-gtk 0.42 announces: common, and by channel.
COMMON = 0b1101
CAPS = {MAIN: [0b1111], DISPLAY: [0b1110111111]}


class Refused(Exception):
    """A link error, before the ticket or after it; .code has it."""

    def __init__(self, code):
        super().__init__(f"link error {code}")
        self.code = code


def dial(host, port, ca, source=None, timeout=60):
    sock = socket.create_connection((host, port), timeout, (source, 0) if source else None)
    return ssl.create_default_context(cafile=ca).wrap_socket(sock, server_hostname=host)


class Channel:
    """One channel over a connected stream; close() drops the line without a word."""

    def __init__(self, sock, kind, session=0, number=0):
        self.sock, self.kind, self.session, self.number = sock, kind, session, number

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def read(self, n):
        return read_exactly(self.sock, n)

    def closed(self):
        return has_closed(self.sock)

    # ---- link

    def mess(self, common=COMMON):
        caps = [common] + CAPS.get(self.kind, [])
        body = struct.pack(
            "<IBBIII", self.session, self.kind, self.number, 1, len(caps) - 1, 18
        ) + struct.pack(f"<{len(caps)}I", *caps)
        return struct.pack("<4sIII", b"REDQ", 2, 2, len(body)) + body

    def reply(self):
        """The link reply: the public key and the common caps."""
        magic, major, _, size = struct.unpack("<4sIII", self.read(16))
        assert magic == b"REDQ" and major == 2 and size < 4096
        body = self.read(size)
        code, der, n_common, _, offset = struct.unpack("<I162sIII", body[:178])
        if code != OK:
            raise Refused(code)
        (common,) = struct.unpack("<I", body[offset : offset + 4]) if n_common else (0,)
        return serialization.load_der_public_key(der), common

    def result(self):
        (code,) = struct.unpack("<I", self.read(4))
        if code != OK:
            raise Refused(code)

    def link(self, ticket):
        """The whole link with a ticket."""
        self.begin(ticket)
        self.result()

    def begin(self, ticket):
        """Everything but the result."""
        self.sock.sendall(self.mess())
        key, _ = self.reply()
        oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
        secret = key.encrypt(ticket.encode() + b"\0", oaep)
        self.sock.sendall(struct.pack("<I", AUTH_SPICE) + secret)

    def login(self, user, password):
        """The whole link with a user and a password (SASL PLAIN), as spice-gtk does it."""
        self.sock.sendall(self.mess())
        _, common = self.reply()
        assert common & SASL_OFFERED, "no user and password here"
        self.sock.sendall(struct.pack("<I", AUTH_SASL))
        assert self.read(9) == struct.pack("<I", 5) + b"PLAIN"
        data = b"\0".join(text.encode() for text in (user, user, password)) + b"\0"
        self.sock.sendall(struct.pack("<I5sI", 5, b"PLAIN", len(data)) + data)
        assert self.read(5) == struct.pack("<IB", 0, 1), "SASL goes on"
        self.result()
        self.result()

    # ---- messages

    def send(self, kind, body=b""):
        self.sock.sendall(struct.pack("<HI", kind, len(body)) + body)

    def receive(self):
        kind, size = struct.unpack("<HI", self.read(6))
        assert size < 1 << 26
        return kind, self.read(size)

    def wait(self, wanted):
        while True:
            kind, body = self.receive()
            if kind == wanted:
                return body


def picture_format(drawing):
    """How the picture of a DRAW_COPY is packed."""
    assert drawing[20] == 0, "it is clipped"
    (at,) = struct.unpack("<I", drawing[21:25])
    return drawing[at + 8]


class Session:
    """main, then whatever channels the desktop has; dial() makes a connection for each."""

    def __init__(self, dial, ticket):
        self.dial, self.ticket = dial, ticket
        self.channels = []
        self.main = self._channel(MAIN)
        self.main.link(ticket)
        (self.id,) = struct.unpack("<I", self.main.wait(MAIN_INIT)[:4])

    def _channel(self, kind, session=0, number=0):
        channel = Channel(self.dial(), kind, session, number)
        self.channels.append(channel)
        return channel

    def attach(self):
        """The list of (type, id) that the desktop offers."""
        self.main.send(ATTACH_CHANNELS)
        body = self.main.wait(CHANNELS_LIST)
        (n,) = struct.unpack("<I", body[:4])
        return [tuple(body[4 + 2 * i : 6 + 2 * i]) for i in range(n)]

    def open(self, kind):
        channel = self._channel(kind, self.id)
        channel.link(self.ticket)
        return channel

    def display(self):
        """The display channel up to its surface."""
        channel = self.open(DISPLAY)
        channel.send(DISPLAY_INIT, struct.pack("<BqBi", 1, 20 << 20, 1, 1 << 20))
        channel.wait(SURFACE_CREATE)
        return channel

    def formats(self, key, times=5):
        """How the next pictures are packed; the key is pressed for each. The first one, of all that there is, is
        not the server's choice."""
        display = self.display()
        inputs = self.open(INPUTS)
        display.wait(DRAW_COPY)
        found = set()
        for _ in range(times):
            inputs.send(KEY_DOWN, struct.pack("<I", key[0]))
            inputs.send(KEY_UP, struct.pack("<I", key[1]))
            found.add(picture_format(display.wait(DRAW_COPY)))
        return found

    def close(self):
        for channel in self.channels:
            channel.close()


def packs(dial, ticket, key):
    """A session of its own, in which no picture comes as plain pixels."""
    session = Session(dial, ticket)
    try:
        session.attach()
        return RAW not in session.formats(key)
    finally:
        session.close()
