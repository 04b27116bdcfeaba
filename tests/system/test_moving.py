# SPDX-License-Identifier: GPL-3.0-or-later
"""What a VNC desktop draws and moves, in a SPICE viewer: pixel by pixel, through a second bridge that makes it
VNC again."""

import contextlib
import random
import struct
import threading
import time

import pytest
from PIL import Image, ImageChops

import bridges
import hostile
import rfb
import spice
from deployment import eventually
from peer import Gone, read_exactly

SIZE = (640, 480)
COPY_RECT = 1
UPDATES = 300


@contextlib.contextmanager
def bridge(face, display, protocol, dial=None):
    process, wire = bridges.start(face, display, protocol, dial)
    try:
        yield wire
    finally:
        wire.close()
        assert process.wait(bridges.PATIENCE) == 0


class Painter:
    """A VNC desktop that gives so many updates, one whenever it is asked: new pixels in some places, and old ones
    moved, also over themselves."""

    def __init__(self, seed):
        self.chance, self.image, self.done = random.Random(seed), Image.new("RGB", SIZE, "white"), threading.Event()

    def place(self):
        width, height = self.chance.randint(1, SIZE[0]), self.chance.randint(1, SIZE[1])
        return self.chance.randint(0, SIZE[0] - width), self.chance.randint(0, SIZE[1] - height), width, height

    def drawn(self):
        x, y, width, height = self.place()
        width, height = min(width, 100), min(height, 100)
        piece = Image.frombytes("RGB", (width, height), self.chance.randbytes(3) * (width * height))
        piece.paste(tuple(self.chance.randbytes(3)), (width // 3, height // 3, width // 2, height // 2))
        self.image.paste(piece, (x, y))
        return hostile.rect_at((x, y, width, height), hostile.RAW, piece.convert("RGB").tobytes("raw", "BGRX"))

    def moved(self):
        x, y, width, height = self.place()
        to_x, to_y = self.chance.randint(0, SIZE[0] - width), self.chance.randint(0, SIZE[1] - height)
        self.image.paste(self.image.crop((x, y, x + width, y + height)), (to_x, to_y))
        return hostile.rect_at((to_x, to_y, width, height), COPY_RECT, struct.pack(">HH", x, y))

    def update(self):
        kinds = self.chance.choices((self.drawn, self.moved), k=self.chance.randint(1, 4))
        return hostile.update(*(kind() for kind in kinds))

    def asked(self, sock):
        """Reads until it is."""
        while (kind := read_exactly(sock, 1)[0]) != 3:
            if kind == 2:
                read_exactly(sock, 4 * struct.unpack(">xH", read_exactly(sock, 3))[0])
            else:
                read_exactly(sock, {0: 19, 4: 7, 5: 5, 6: 7}[kind])
        read_exactly(sock, 9)

    def serve(self, sock):
        rfb.greet(sock, SIZE, b"moving")
        with contextlib.suppress(Gone, OSError):
            self.asked(sock)
            sock.sendall(hostile.update(
                hostile.rect_at((0, 0, *SIZE), hostile.RAW, self.image.tobytes("raw", "BGRX"))))
            for _ in range(UPDATES):
                self.asked(sock)
                sock.sendall(self.update())
            self.done.set()
            while True:
                self.asked(sock)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_picture(seed):
    painter = Painter(seed)

    def dial():
        return bridges.client(first, spice=True)

    with (bridge("spice", hostile.connection(painter.serve), "vnc") as first,
          bridge("vnc", dial(), "spice", dial) as second,
          rfb.Rfb(bridges.client(second, spice=False)) as viewer):
        viewer.none()
        viewer.init()
        viewer.want_raw()
        while not painter.done.is_set():
            viewer.update()
        assert eventually(lambda: ImageChops.difference(viewer.update(), painter.image).getbbox() is None, 10)


class Film(Painter):
    """Soft pictures, one after the other, in the same place."""

    def __init__(self):
        super().__init__(0)
        self.sheet = Image.effect_noise((70, 40), 90).resize((1400, 800), Image.BICUBIC).convert("RGB")

    def update(self):
        time.sleep(0.04)
        x = self.chance.randrange(1000)
        frame = self.sheet.crop((x, 0, x + 320, 240))
        return hostile.update(hostile.rect_at((100, 100, 320, 240), hostile.RAW, frame.tobytes("raw", "BGRX")))


def test_a_film_is_streamed():
    with bridge("spice", hostile.connection(Film().serve), "vnc") as wire:
        session = spice.Session(lambda: bridges.client(wire, spice=True), "")
        try:
            session.attach()
            display = session.display()
            display.sock.settimeout(bridges.PATIENCE)
            display.wait(spice.STREAM_CREATE)
        finally:
            session.close()
