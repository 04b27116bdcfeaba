# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape that an RDP desktop gives its pointer, in a VNC viewer."""

import pytest

import hostile
import hostile_rdp as rdp
import rfb
from bridge_alone import Alone

HIDDEN, USUAL = rdp.fast(5, b""), rdp.fast(6, b"")
ARROW, NOTHING = (12, 19), (0, 0)
PICTURE = rdp.bits(rdp.RAW, 64, 64, bytes(64 * 64 * 4))


def shape(viewer):
    """Asks for everything, and reads until there is one: its size, where it points, and how many pixels show."""
    viewer.pack("BxHii", 2, 2, rfb.RAW, hostile.CURSOR)
    viewer.pack("BBHHHH", 3, 0, 0, 0, *viewer.image.size)
    while True:
        assert viewer.unpack("B") == 0
        for _ in range(viewer.unpack("xH")):
            x, y, width, height, encoding = viewer.unpack("HHHHi")
            viewer.read(4 * width * height)
            if encoding == hostile.CURSOR:
                mask = viewer.read((width + 7) // 8 * height)
                return (width, height), (x, y), sum(byte.bit_count() for byte in mask)


@pytest.mark.parametrize("said, size", [
    ([], ARROW), ([USUAL], ARROW), ([HIDDEN], NOTHING), ([HIDDEN, USUAL], ARROW), ([USUAL, HIDDEN], NOTHING)])
def test_a_system_pointer(program, said, size):
    found = []

    def look(bridge):
        with rfb.Rfb(bridge.dial()) as viewer:
            viewer.none()
            viewer.init()
            found.append(shape(viewer))

    Alone("rdp", rdp.rdp(*said, PICTURE), viewer=look)
    ((seen, points, pixels),) = found
    assert (seen, points) == (size, (0, 0))
    assert (pixels > 0) == (size == ARROW)
