# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees and presses: an X display whose pixels are read from Xvfb's own memory, every
millisecond, and whose keys are pressed by XTEST, at a known time. No viewer takes part in it.
"""

import contextlib
import ctypes
import mmap
import random
import statistics
import struct
import tempfile
import threading
import time

import screens

LOOK = 0.001
SIZE = (1024, 768)


class Glass(screens.Display):
    def __init__(self, home):
        self.frames = tempfile.TemporaryDirectory(prefix="glass-", dir=home)
        super().__init__(home, SIZE, ["Xvfb", "-screen", "0", "{}x{}x24".format(*SIZE), "-noreset", "-r",
                                      "-fbdir", self.frames.name])
        with open(f"{self.frames.name}/Xvfb_screen0", "rb") as file:
            self.memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        # An XWD file: words of the head, 12 bytes for each colour of the map, lines of pixels.
        head = struct.unpack(">25I", self.memory[:100])
        self.pixels, self.pitch = head[0] + 12 * head[19], head[12]
        self.keyboard_of = Keyboard(self.environment["DISPLAY"])

    def row(self, y, left, right):
        at = self.pixels + y * self.pitch
        return self.memory[at + 4 * left:at + 4 * right]

    def press(self, letter):
        """Returns when."""
        self.keyboard_of.press(letter)
        return time.monotonic()

    def close(self):
        self.keyboard_of.close()
        super().close()
        self.memory.close()
        self.frames.cleanup()


class Keyboard:
    """XTEST, without a process for each key."""

    def __init__(self, display):
        self.x11, self.xtst = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        self.x11.XOpenDisplay.restype = ctypes.c_void_p
        self.x11.XKeysymToKeycode.argtypes = ctypes.c_void_p, ctypes.c_ulong
        self.xtst.XTestFakeKeyEvent.argtypes = ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_ulong
        self.x11.XFlush.argtypes = self.x11.XCloseDisplay.argtypes = (ctypes.c_void_p,)
        self.display = self.x11.XOpenDisplay(display.encode())
        assert self.display, "no display"

    def press(self, letter):
        code = self.x11.XKeysymToKeycode(self.display, ord(letter))
        for down in 1, 0:
            self.xtst.XTestFakeKeyEvent(self.display, code, down, 0)
        self.x11.XFlush(self.display)

    def close(self):
        self.x11.XCloseDisplay(self.display)


class Eye:
    """Looks at one row of pixels that changes with each picture, and at one that is the last key."""

    def __init__(self, glass, moving, key):
        self.glass, self.moving, self.key = glass, moving, key
        self.pictures, self.key_at, self.open = 0, 0.0, True
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self):
        picture, shown = self.glass.row(*self.moving), self.glass.row(*self.key)
        while self.open:
            time.sleep(LOOK)
            if (now := self.glass.row(*self.moving)) != picture:
                picture, self.pictures = now, self.pictures + 1
            if (now := self.glass.row(*self.key)) != shown:
                shown, self.key_at = now, time.monotonic()

    def close(self):
        self.open = False
        self.thread.join()

    def answer(self, letter, seconds):
        """From the key to its picture, in seconds; None if there was none in time."""
        pressed = self.glass.press(letter)
        while self.key_at < pressed:
            if time.monotonic() > pressed + seconds:
                return None
            time.sleep(LOOK)
        return self.key_at - pressed

    def measure(self, seconds, keys):
        """(pictures a second, median and 90th percentile of the time to a key's picture, in ms)"""
        chance = random.Random(1)
        begin, before, delays, n = time.monotonic(), self.pictures, [], 0
        while time.monotonic() < begin + seconds:
            n += 1
            delays.append(self.answer(keys[n % len(keys)], 10))
            assert delays[-1] is not None, "a key is never seen"
            time.sleep(chance.uniform(0.05, 0.35))
        rate = (self.pictures - before) / (time.monotonic() - begin)
        delays.sort()
        return rate, statistics.median(delays) * 1000, delays[len(delays) * 9 // 10] * 1000


@contextlib.contextmanager
def looking(glass, moving, key):
    eye = Eye(glass, moving, key)
    try:
        yield eye
    finally:
        eye.close()
