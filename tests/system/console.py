# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads text off a picture of the tiny guest's console: 8x16 cells, one font, two colours each.

The glyphs are learned from a console that shows known letters (typed straight into QEMU's own VNC
socket, past everything that is under test). Reading a screenshot of a real client then proves what
a person would see there, letter by letter.
"""

import re
import time
import warnings

import rfb

CELL = (8, 16)
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789#:/-.>"
SIZE = (1024, 768)


def cells(picture, row):
    """The row's cells as bytes, two-coloured."""
    grey = picture.convert("L").point(lambda level: 255 if level > 100 else 0)
    width, height = CELL
    for column in range(picture.width // width):
        left, top = column * width, row * height
        yield grey.crop((left, top, left + width, top + height)).tobytes()


class Reader:
    def __init__(self):
        self.glyphs = {b"\0" * (CELL[0] * CELL[1]): " "}

    def learn(self, screen, row, text):
        for glyph, letter in zip(cells(screen, row), text):
            self.glyphs.setdefault(glyph, letter)

    def line(self, picture, row):
        return "".join(self.glyphs.get(glyph, "?") for glyph in cells(picture, row)).rstrip()

    def lines(self, picture):
        """All lines of text; what was never learned reads as a question mark."""
        return [self.line(picture, row) for row in range(picture.height // CELL[1])]

    def prompts(self, picture):
        """Is the shell waiting for a command?"""
        written = [line for line in self.lines(picture) if line.strip("? ")]
        return bool(written) and re.fullmatch(r".*:/#( \?)?", written[-1]) is not None

    @classmethod
    def taught_by(cls, socket):
        """Learns from the desktop behind QEMU's own VNC socket, and clears its screen again."""
        with rfb.Rfb.dial_unix(socket) as direct:
            direct.none()
            direct.init()
            direct.want_raw()
            wait_for(direct, booted, 120, every=0.5)
            for _ in range(30):  # the one or other stroke may be lost
                direct.type("\nclear\n")
                if shows(direct, cleared, 2) and (reader := cls.learnt(direct)):
                    return reader
        raise AssertionError("the guest's screen could not be read")

    @classmethod
    def learnt(cls, direct):
        """From a line of all letters; None if another `clear` from before came in between."""
        prompt = columns(direct.image, 0)
        direct.type(f"echo '{LETTERS}'\n")
        if not shows(direct, lambda seen: columns(seen, 1) == len(LETTERS) and ink(seen, 2), 5):
            return None
        reader = cls()
        reader.learn(direct.image, 1, LETTERS)
        # The typed line must read the same, or the learning went wrong.
        typed = reader.line(direct.image, 0)[prompt:].strip()
        direct.type("clear\n")
        wait_for(direct, cleared)
        return reader if typed == f"echo ?{LETTERS}?" else None


def ink(picture, row):
    """Is there anything in this row or below it?"""
    rest = picture.convert("L").crop((0, row * CELL[1], picture.width, picture.height))
    return rest.getextrema()[1] > 100


def booted(picture):
    """The guest has written something. Nobody may type before: Linux takes a stroke that comes when it looks for
    the keyboard for the controller's answer, and understands no key until it boots again."""
    return picture.size == SIZE and columns(picture, 0) > 0


def cleared(picture):
    """Nothing but a prompt in the first row."""
    return 0 < columns(picture, 0) < 40 and not ink(picture, 1)


def columns(picture, row):
    """How many cells up to the last one with ink, the cursor's underline not counted."""
    last = 0
    for column, glyph in enumerate(cells(picture, row)):
        if any(glyph[: CELL[0] * (CELL[1] - 3)]):
            last = column + 1
    return last


def shows(client, check, seconds, every=0.1):
    """Takes picture after picture until the check is true, or the time is over."""
    end = time.monotonic() + seconds
    while True:
        if check(client.update()):
            return True
        if time.monotonic() > end:
            return False
        time.sleep(every)


def wait_for(client, check, seconds=60, every=0.1):
    assert shows(client, check, seconds, every), "the screen never came to show it"
    return client.image


def until_seen(write, seen):
    """Types, and looks; types again what did not come whole. The keyboard of a VM that is kept from running
    for a moment holds only a few strokes. write(begin): begin ends what stands there half."""
    for begin in ("", "\n", "\n", "\n"):
        if begin:
            warnings.warn("a line did not come whole, and is typed again", stacklevel=2)
        write(begin)
        if seen():
            return True
    return False


def does(client, reader, command, line):
    """Types the command; the picture with this line of its answer."""
    assert until_seen(lambda begin: client.type(f"{begin}{command}\n"),
                      lambda: shows(client, lambda picture: line in reader.lines(picture), 20)), (
        reader.lines(client.image))
    return client.image
