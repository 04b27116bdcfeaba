# SPDX-License-Identifier: GPL-3.0-or-later
"""RFB spoken byte by byte (RFC 6143, VeNCrypt), so that a test can stop or lie at any point."""

import socket
import ssl
import struct

from PIL import Image

from peer import Gone, has_closed, read_exactly  # noqa: F401

VENCRYPT, X509_NONE, X509_PLAIN = 19, 260, 262
RAW, DESKTOP_SIZE, SOUND, LIGHTS = 0, -223, -259, -261
FENCE, CONTINUOUS = -312, -313
RETURN, SHIFT, CONTROL = 0xFF0D, 0xFFE1, 0xFFE3
SHIFTED = set('~!@#$%^&*()_+{}|:"<>?ABCDEFGHIJKLMNOPQRSTUVWXYZ')


class Refused(Exception):
    """The server said no, with these words."""


def greet(sock, size, name):
    """A desktop's side of the handshake: no password, 32 bits, up to its ServerInit."""
    sock.sendall(b"RFB 003.008\n")
    read_exactly(sock, 12)
    sock.sendall(b"\1\1")
    read_exactly(sock, 1)
    sock.sendall(bytes(4))
    read_exactly(sock, 1)
    form = struct.pack(">BBBBHHHBBB3x", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
    sock.sendall(struct.pack(">HH", *size) + form + struct.pack(">I", len(name)) + name)


class Rfb:
    """A client over anything with sendall() and recv()."""

    def __init__(self, sock):
        self.sock = sock
        self.image = None
        self.sounds = False  # the server has said so
        self.lights = None  # of its keyboard

    @classmethod
    def dial(cls, host, port, source=None, timeout=60):
        sock = socket.create_connection(
            (host, port), timeout, (source, 0) if source else None
        )
        return cls(sock)

    @classmethod
    def dial_unix(cls, path, timeout=60):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout)
        sock.connect(str(path))
        return cls(sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    # ---- bytes

    def read(self, n):
        return read_exactly(self.sock, n)

    def unpack(self, layout):
        values = struct.unpack(">" + layout, self.read(struct.calcsize(">" + layout)))
        return values[0] if len(values) == 1 else values

    def send(self, *parts):
        self.sock.sendall(b"".join(parts))

    def pack(self, layout, *values):
        self.send(struct.pack(">" + layout, *values))

    def text(self):
        return self.read(self.unpack("I")).decode()

    def closed(self):
        """True if the server has closed, whatever it still said before."""
        return has_closed(self.sock)

    # ---- handshake

    def versions(self, answer=b"RFB 003.008\n"):
        greeting = self.read(12)
        self.send(answer)
        return greeting

    def security_types(self):
        n = self.unpack("B")
        if n == 0:
            raise Refused(self.text())
        return list(self.read(n))

    def vencrypt(self):
        """Up to the list of subtypes."""
        self.pack("B", VENCRYPT)
        assert self.read(2) == b"\0\2"
        self.send(b"\0\2")
        assert self.unpack("B") == 0
        n = self.unpack("B")
        return list(struct.unpack(f">{n}I", self.read(4 * n)))

    def choose(self, subtype=X509_PLAIN):
        self.pack("I", subtype)
        assert self.unpack("B") == 1

    def start_tls(self, ca, host="127.0.0.1"):
        context = ssl.create_default_context(cafile=ca)
        self.sock = context.wrap_socket(self.sock, server_hostname=host)

    def plain(self, user, password):
        user, password = user.encode(), password.encode()
        self.send(struct.pack(">II", len(user), len(password)), user, password)

    def security_result(self):
        if self.unpack("I") != 0:
            raise Refused(self.text())

    def encrypt(self, ca, offered=(X509_PLAIN,)):
        """VeNCrypt X509Plain, until user and password are wanted."""
        self.versions()
        assert self.security_types() == [VENCRYPT]
        assert self.vencrypt() == list(offered)
        self.choose()
        self.start_tls(ca)

    def secure(self, ca, user, password, offered=(X509_PLAIN,)):
        """A whole login by it."""
        self.encrypt(ca, offered)
        self.plain(user, password)
        self.security_result()

    def nobody(self, ca):
        """VeNCrypt X509None: TLS, and nobody's name inside."""
        self.versions()
        self.security_types()
        self.vencrypt()
        self.choose(X509_NONE)
        self.start_tls(ca)
        self.security_result()

    def none(self):
        """Security type None, 3.8."""
        self.versions()
        assert 1 in self.security_types()
        self.send(b"\1")
        self.security_result()

    def init(self):
        """ClientInit, ServerInit; returns the desktop's name."""
        self.send(b"\1")
        width, height = self.unpack("HH")
        self.format = self.read(16)
        self.image = Image.new("RGB", (width, height))
        return self.text()

    # ---- pictures and keys

    def want_raw(self):
        # 32 bits, depth 24, little endian, true colour, 255 each, red at 16, green at 8, blue at 0
        self.send(b"\0\0\0\0", bytes([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]))
        self.pack("BxHii", 2, 2, RAW, DESKTOP_SIZE)

    def keep_updated(self):
        """Asks for ContinuousUpdates and Fence, and switches them on; the picture comes by itself."""
        self.pack("BxHiiii", 2, 4, RAW, DESKTOP_SIZE, FENCE, CONTINUOUS)
        self.fence()
        assert self.unpack("B") == 150
        self.pack("BBHHHH", 150, 1, 0, 0, *self.image.size)

    def fence(self, kind=None):
        """Reads a question and answers it; returns its payload."""
        assert (kind or self.unpack("B")) == 248
        flags, n = self.unpack("3xIB")
        payload = self.read(n)
        assert flags & 1 << 31
        self.send(struct.pack(">BxxxIB", 248, flags & 7, n), payload)
        return payload

    def next_update(self):
        """Under keep_updated(): reads one update and answers the fence behind it."""
        while True:
            kind = self.unpack("B")
            if kind == 248:
                self.fence(kind)
            elif kind == 0:
                self.rectangles()
                self.fence()
                return self.image
            else:
                assert kind == 2, f"message {kind}"

    def stop_updates(self):
        """The other way; what was on its way comes before the end is told."""
        self.pack("BBHHHH", 150, 0, 0, 0, 0, 0)
        while True:
            kind = self.unpack("B")
            if kind == 150:
                return
            if kind == 248:
                self.fence(kind)
            elif kind == 0:
                self.rectangles()
            else:
                assert kind == 2, f"message {kind}"

    def update(self, incremental=False):
        """Asks for the screen and reads until an update has come; returns the whole picture."""
        width, height = self.image.size
        self.pack("BBHHHH", 3, int(incremental), 0, 0, width, height)
        while True:
            kind = self.unpack("B")
            if kind == 0:
                if self.rectangles():
                    return self.update()  # the size is new: once more, whole
                return self.image
            if kind == 1:
                self.read(6 * self.unpack("x2xH"))
            elif kind == 3:
                self.read(3)
                self.text()
            else:
                assert kind == 2, f"message {kind}"

    def rectangles(self):
        resized = False
        for _ in range(self.unpack("xH")):
            x, y, width, height, encoding = self.unpack("HHHHi")
            if encoding == DESKTOP_SIZE:
                self.image = Image.new("RGB", (width, height))
                resized = True
                continue
            if encoding == SOUND:
                self.sounds = True
                continue
            if encoding == LIGHTS:
                self.lights = self.unpack("B")
                continue
            assert encoding == RAW, f"encoding {encoding}"
            pixels = self.read(4 * width * height)
            if pixels:
                piece = Image.frombytes("RGB", (width, height), pixels, "raw", "BGRX")
                self.image.paste(piece, (x, y))
        return resized

    def screen(self):
        self.want_raw()
        return self.update().copy()

    def key(self, keysym, down):
        self.pack("BBxxI", 4, int(down), keysym)

    def interrupt(self):
        """Control-C: a shell forgets what stands there half, an open quote too."""
        for key, down in ((CONTROL, True), (ord("c"), True), (ord("c"), False), (CONTROL, False)):
            self.key(key, down)

    def type(self, text):
        """On a US keyboard, which is what QEMU takes it for."""
        for letter in text:
            keysym = RETURN if letter == "\n" else ord(letter)
            keys = [SHIFT, keysym] if letter in SHIFTED else [keysym]
            for key in keys:
                self.key(key, True)
            for key in reversed(keys):
                self.key(key, False)
