# SPDX-License-Identifier: GPL-3.0-or-later
"""A note that a PC's loudspeaker plays, and how high it is at a listener's end: VNC (QEMU's audio
messages) and SPICE (its playback channel), byte by byte."""

import array
import itertools
import math
import statistics
import struct

import rfb

HERTZ = 1000
CLOCK = 1193182  # Hz, of the PC's timer chip
COUNT = CLOCK // HERTZ
BEEP = ((0x43, 0xB6), (0x42, COUNT & 0xFF), (0x42, COUNT >> 8), (0x61, 3))  # guests.Vm.poked()
LOUD = 1000  # of 32767: quieter is silence
SECONDS = 0.5  # of sound that are listened to

PLAYBACK = 5
PLAYBACK_DATA, PLAYBACK_START = 101, 103
SPICE_S16 = 1
QEMU, AUDIO = 255, 1
ENABLE, SET_FORMAT = 0, 2
DATA = 2
VNC_S16 = 3


def guest_beeps():
    """What root of a guest types for that, line by line, at a shell."""
    return [f"printf '\\{value:o}' | dd of=/dev/port bs=1 seek={port}" for port, value in BEEP]


def height(samples, rate):
    """Hz, of stereo samples, from their first loud one on; None if they are not loud."""
    left = samples[::2]
    first = next((i for i, sample in enumerate(left) if abs(sample) > LOUD), None)
    if first is None:
        return None
    left = left[first:]
    middle = (max(left) + min(left)) / 2
    rises = [i for i in range(1, len(left)) if left[i - 1] < middle <= left[i]]
    # The usual one: where a busy machine left something out, one is longer.
    return rate / statistics.median(b - a for a, b in itertools.pairwise(rises)) if len(rises) > 1 else None


def is_the_note(hertz):
    return hertz is not None and math.isclose(hertz, HERTZ, rel_tol=0.02)


def loud_enough(samples, rate):
    """The last SECONDS of them, if there is something to be heard in them from their beginning on."""
    n = int(SECONDS * rate) * 2
    return samples[-n:] if len(samples) >= n and max(samples[-n:][:n // 10]) > LOUD else None


def vnc_height(viewer, rate):
    """What a viewer hears that has asked for this rate. It looks at its picture meanwhile."""
    viewer.pack("BxHiii", 2, 3, rfb.RAW, rfb.DESKTOP_SIZE, rfb.SOUND)
    samples, asked = array.array("h"), False
    viewer.pack("BBHHHH", 3, 0, 0, 0, *viewer.image.size)
    while (heard := loud_enough(samples, rate)) is None:
        kind = viewer.unpack("B")
        if kind == 0:
            viewer.rectangles()
            viewer.pack("BBHHHH", 3, 1, 0, 0, *viewer.image.size)
        if viewer.sounds and not asked:
            viewer.pack("BBHBBI", QEMU, AUDIO, SET_FORMAT, VNC_S16, 2, rate)
            viewer.pack("BBH", QEMU, AUDIO, ENABLE)
            asked = True
        if kind == QEMU:
            assert viewer.unpack("B") == AUDIO
            if viewer.unpack("H") == DATA:
                samples.frombytes(viewer.read(viewer.unpack("I")))
        else:
            assert kind in (0, 2), kind
    return height(heard, rate)


def spice_height(session):
    """What a SPICE client hears: (Hz, the rate that it is told)."""
    assert (PLAYBACK, 0) in session.attach()
    channel = session.open(PLAYBACK)
    channels, form, rate, _ = struct.unpack("<IHII", channel.wait(PLAYBACK_START))
    assert (channels, form) == (2, SPICE_S16)
    samples = array.array("h")
    while (heard := loud_enough(samples, rate)) is None:
        samples.frombytes(channel.wait(PLAYBACK_DATA)[4:])
    return height(heard, rate), rate


def to_file(display, file, rate):
    """What a SPICE viewer that is started there gives to its loudspeakers goes into a file."""
    display.environment["SPICE_GST_AUDIOSINK"] = (
        'appsrc name="appsrc" is-live=1 do-timestamp=0 format=time '
        f'caps="audio/x-raw,format=S16LE,channels=2,rate={rate},layout=interleaved" ! '
        f'filesink name="audiosink" buffer-mode=unbuffered location={file}')


def file_height(file, rate):
    """Hz of what is in there by now; None: nothing to be heard yet."""
    samples = array.array("h")
    if file.exists():
        data = file.read_bytes()
        samples.frombytes(data[:len(data) // 4 * 4])
    loud = loud_enough(samples, rate)
    return loud and height(loud, rate)
