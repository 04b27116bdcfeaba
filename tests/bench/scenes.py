# SPDX-License-Identifier: GPL-3.0-or-later
"""A VNC desktop of 1920x1080 that moves, drawn beforehand: the next picture goes as soon as the last one was
asked for, so that whoever shows it is what is slow. Text that scrolls, a video in a window, a window that is
dragged; as an X server would send them, what was moved as CopyRect and the rest raw."""

import pathlib
import random
import socket
import struct
import threading
import time

import rfb
from PIL import Image, ImageDraw, ImageFont

SIZE = (1920, 1080)
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"
LINE = 18
WORDS = pathlib.Path(__file__).read_text().split()


def raw(box, picture):
    """One rectangle; box as PIL has it."""
    part = picture.crop(box)
    head = struct.pack(">HHHHi", box[0], box[1], part.width, part.height, 0)
    return head + part.tobytes("raw", "BGRX")


def copied(box, x, y):
    return struct.pack(">HHHHiHH", box[0], box[1], box[2] - box[0], box[3] - box[1], 1, x, y)


def update(*rects):
    return struct.pack(">BxH", 0, len(rects)) + b"".join(rects)


def written(picture, chance):
    """A page of text on it."""
    draw, font = ImageDraw.Draw(picture), ImageFont.truetype(FONT, 14)
    for y in range(0, picture.height, LINE):
        words = " ".join(chance.choices(WORDS, k=picture.width // 45))
        draw.text((4, y), words, font=font, fill=(30, 30, 30))
    return picture


def photo(size, chance):
    """Soft shapes with some noise: what a codec of pictures is for."""
    small = Image.effect_noise((size[0] // 16, size[1] // 16), 90)
    bands = [small.rotate(90 * turn).resize(size, Image.BICUBIC) for turn in range(3)]
    grain = Image.effect_noise(size, 12)
    return Image.merge("RGB", [Image.blend(band, grain, 0.15) for band in bands])


def text(chance):
    """Scrolls by a line at a time; only the last line is new."""
    page = written(Image.new("RGB", (SIZE[0], 100 * LINE), "white"), chance)
    height = SIZE[1] // LINE * LINE
    first = page.crop((0, 0, *SIZE))
    frames = []
    for line in range(40):
        below = Image.new("RGB", SIZE)
        below.paste(page.crop((0, line * LINE, SIZE[0], line * LINE + LINE)), (0, height - LINE))
        frames.append(update(copied((0, 0, SIZE[0], height - LINE), 0, LINE),
                             raw((0, height - LINE, SIZE[0], height), below)))
    return first, frames


def video(chance):
    """Thirty pictures of 854x480 in the middle of a page, round and round."""
    first = written(Image.new("RGB", SIZE, "white"), chance)
    large = photo((1200, 700), chance)
    frames = []
    for n in range(30):
        first.paste(large.crop((n * 10, n * 6, n * 10 + 854, n * 6 + 480)), (500, 300))
        frames.append(update(raw((500, 300, 1354, 780), first)))
    return first, frames


def drag(chance):
    """A window of 800x600, to the right and back by 12 pixels, over a photo; what it uncovers is new."""
    ground = photo(SIZE, chance)
    window = written(Image.new("RGB", (800, 600), "white"), chance)
    frames, steps = [], list(range(100, 1000, 12))
    for old, new in zip(steps + steps[::-1], (steps + steps[::-1])[1:] + steps[:1]):
        left = (old, 200, new, 800) if new > old else (new + 800, 200, old + 800, 800)
        rects = [copied((new, 200, new + 800, 800), old, 200)]
        if new != old:
            rects.append(raw(left, ground))
        frames.append(update(*rects))
    first = ground.copy()
    first.paste(window, (100, 200))
    return first, frames


SCENES = {"text scrolling": text, "a video window": video, "window dragging": drag}


class Desktop:
    """A VNC server on a port of its own, for one viewer after another. rate: at most so many
    pictures a second, 0 = as many as are asked for."""

    def __init__(self, scene, rate=0):
        self.rate = rate
        self.first, self.frames = SCENES[scene](random.Random(1))
        self.sent = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                viewer = self.listener.accept()[0]
            except OSError:
                return
            viewer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(viewer,), daemon=True).start()

    def serve(self, viewer):
        try:
            with viewer:
                rfb.greet(viewer, SIZE, b"scene")
                self.show(viewer)
        except (OSError, rfb.Gone):
            pass

    def show(self, viewer):
        sizes = {0: 19, 4: 7, 5: 5}
        whole = update(raw((0, 0, *SIZE), self.first))
        n, due = 0, time.monotonic()
        while kind := viewer.recv(1):
            if kind[0] == 2:
                count = struct.unpack(">xH", viewer.recv(3, socket.MSG_WAITALL))[0]
                viewer.recv(4 * count, socket.MSG_WAITALL)
            elif kind[0] == 3:
                incremental = viewer.recv(9, socket.MSG_WAITALL)[0]
                if incremental and self.rate:
                    due = max(due + 1 / self.rate, time.monotonic() - 0.1)
                    time.sleep(max(0, due - time.monotonic()))
                viewer.sendall(self.frames[n % len(self.frames)] if incremental else whole)
                n += incremental
                self.sent += 1
            elif kind[0] == 6:
                n_text = struct.unpack(">xxxI", viewer.recv(7, socket.MSG_WAITALL))[0]
                viewer.recv(n_text, socket.MSG_WAITALL)
            else:
                viewer.recv(sizes[kind[0]], socket.MSG_WAITALL)

    def close(self):
        self.listener.close()
