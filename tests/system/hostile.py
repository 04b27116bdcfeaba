# SPDX-License-Identifier: GPL-3.0-or-later
"""Desktops that mean harm: a VNC and a SPICE server that are like others as far as one pixel, and then say what
they were given, with lengths that are not true, packed pictures that are vast, and shapes without end."""

import contextlib
import functools
import pathlib
import socket
import struct
import threading
import zlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import rfb
import spice
from peer import Gone, read_exactly

SIDE = 4096  # the largest picture that a bridge takes
PATIENCE = 60


def ignored(sock):
    """What the viewer says is of no interest, but must go somewhere."""
    with contextlib.suppress(OSError):
        while sock.recv(1 << 16):
            pass


def say(sock, words):
    """And then nothing, until the viewer goes."""
    listens = threading.Thread(target=ignored, args=(sock,), daemon=True)
    listens.start()
    for word in words:
        sock.sendall(word)
    listens.join()


@functools.cache
def packed(n):
    """n zeros, packed."""
    pack = zlib.compressobj(1)
    return b"".join(pack.compress(bytes(1 << 20)) for _ in range(n >> 20)) + pack.flush(zlib.Z_SYNC_FLUSH)


def say_deaf(sock, words):
    """The same, and nobody listens."""
    for word in words:
        sock.sendall(word)


def say_and_go(sock, words):
    """The same, and what was said is heard before the end is."""
    listens = threading.Thread(target=ignored, args=(sock,), daemon=True)
    listens.start()
    say_deaf(sock, words)
    sock.shutdown(socket.SHUT_WR)
    listens.join()


# ---- VNC

RAW, ZLIB, TIGHT, ULTRA, ZRLE, CURSOR, NEW_SIZE = 0, 6, 7, 9, 16, -239, -223
COMPACT_MAX = b"\xff\xff\xff"  # Tight's largest length


def rect_at(place, encoding, body=b""):
    return struct.pack(">HHHHi", *place, encoding) + body


def rect(width, height, encoding, body=b""):
    return rect_at((0, 0, width, height), encoding, body)


def update(*rects):
    return struct.pack(">BxH", 0, len(rects)) + b"".join(rects)


def long(body):
    return struct.pack(">I", len(body)) + body


def vnc(*words, size=(64, 64), say=say):
    def serve(sock):
        rfb.greet(sock, size, b"evil")
        say(sock, (update(rect(1, 1, RAW, b"\1\2\3\0")), *words))

    return serve


# ---- SPICE

KEY = rsa.generate_private_key(65537, 1024).public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
DRAW_FILL, STREAM_CREATE, STREAM_DATA, AGENT_DATA, CURSOR_INIT = 302, 122, 123, 107, 101
XRGB = 32
LZ, ZLIB_GLZ, LZ4 = 101, 107, 109
SHOWN = (0, 0, 64, 64)


def message(kind, body=b""):
    return struct.pack("<HI", kind, len(body)) + body


def surface(number, width, height):
    return message(spice.SURFACE_CREATE, struct.pack("<IIIII", number, width, height, XRGB, not number))


def fill(number, width, height):
    return message(DRAW_FILL, struct.pack("<IiiiiBBIHBiiI", number, 0, 0, height, width, 0, 1, 0xff00, 8, 0, 0, 0, 0))


def image(number, kind, width, height, body, cached=0):
    """Drawn on the primary surface."""
    base = struct.pack("<IiiiiB", 0, *SHOWN, 0)
    at = len(base) + struct.calcsize("<IiiiiHBBiiI")
    draw = struct.pack("<IiiiiHBBiiI", at, 0, 0, height, width, 8, 0, 0, 0, 0, 0)
    return message(spice.DRAW_COPY, base + draw + struct.pack("<QBBII", number, kind, cached, width, height) + body)


def sized(body):
    return struct.pack("<I", len(body)) + body


def lz(width, height):
    """One pixel, and so many times the same."""
    head = struct.pack(">IIIIIII", 0x20205A4C, 0x10001, 8, width, height, 4 * width, 1)
    more = width * height - 8
    return sized(head + b"\0\1\2\3\xe0" + b"\xff" * (more // 255) + bytes([more % 255]) + b"\0")


def stream(number):
    return message(STREAM_CREATE, struct.pack("<IIBBQIIIIiiiiB", 0, number, 1, 1, 0, 64, 64, 64, 64, *SHOWN, 0))


def cursor(width, height):
    return message(CURSOR_INIT, struct.pack("<hhHHBHQBHHHH", 0, 0, 0, 0, 1, 0, 1, 0, width, height, 0, 0) + bytes(1 << 16))


def link(sock):
    """The viewer's; the kind of channel that it wants."""
    (size,) = struct.unpack("<12xI", read_exactly(sock, 16))
    kind = read_exactly(sock, size)[4]
    body = struct.pack("<I162sIII", 0, KEY, 1, 0, 178) + struct.pack("<I", 0b1011)
    sock.sendall(struct.pack("<4sIII", b"REDQ", 2, 2, len(body)) + body)
    read_exactly(sock, 4 + 128)
    sock.sendall(bytes(4))
    return kind


def await_message(sock, wanted=None):
    while True:
        kind, size = struct.unpack("<HI", read_exactly(sock, 6))
        read_exactly(sock, size)
        if wanted in (None, kind):
            return


def spice_server(words=(), on=spice.DISPLAY, size=(64, 64)):
    """`words` are said on the channel `on`, as soon as there is a picture."""
    shown = threading.Event()

    def serve(sock):
        kind = link(sock)
        if kind == spice.MAIN:
            sock.sendall(message(spice.MAIN_INIT, struct.pack("<IIIIIIII", 7, 1, 3, 2, 1, 10, 0, 0)))
            await_message(sock, spice.ATTACH_CHANNELS)
            channels = bytes([spice.DISPLAY, 0, spice.INPUTS, 0, spice.CURSOR, 0])
            sock.sendall(message(spice.CHANNELS_LIST, struct.pack("<I", 3) + channels))
        elif kind == spice.DISPLAY:
            await_message(sock)
            sock.sendall(surface(0, *size) + fill(0, 8, 8))
            shown.set()
        shown.wait(PATIENCE)
        say(sock, words if kind == on else ())

    return serve


def agent_clipboard(n):
    """A text of the clipboard, of n bytes, in pieces as an agent has them."""
    yield message(AGENT_DATA, struct.pack("<IIQI", 1, 4, 0, n))
    piece = message(AGENT_DATA, bytes(2048)) * 32
    for _ in range(n // (2048 * 32)):
        yield piece


class Later:
    """These words, but not before go is set."""

    def __init__(self, words):
        self.words, self.go = words, threading.Event()

    def __iter__(self):
        self.go.wait(PATIENCE)
        return iter(self.words)


# ---- where it is reached

def guarded(serve, sock):
    with sock, contextlib.suppress(OSError, Gone):
        serve(sock)


def connection(serve):
    """One to such a desktop."""
    ours, theirs = socket.socketpair()
    threading.Thread(target=guarded, args=(serve, theirs), daemon=True).start()
    return ours


@contextlib.contextmanager
def listening(serve, path):
    """The same at a Unix socket."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        pathlib.Path(path).chmod(0o666)
        listener.listen()

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    sock, _ = listener.accept()
                    threading.Thread(target=guarded, args=(serve, sock), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield
        listener.shutdown(socket.SHUT_RDWR)
