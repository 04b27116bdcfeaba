# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge before an RDP desktop of ours: what it says to it, and what a VNC viewer sees of it."""

import struct

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


def wide(text):
    return (text + "\0").encode("utf-16-le")


@pytest.mark.parametrize("name, domain, user", [
    ("anna", "", "anna"), (r"CORP\anna", "CORP", "anna"), ("anna@corp.example", "", "anna@corp.example")])
def test_who_logs_in(program, name, domain, user):
    told = []

    def serve(sock):
        handshake = rdp.Handshake(sock, (64, 64), rdp.TLS)
        for step in rdp.STEPS[:rdp.STEPS.index("license")]:
            getattr(handshake, step)()
        told.append(handshake.hear())

    Alone("rdp", serve, username=name, password="pass")
    lengths = struct.pack("<HHH", 2 * len(domain), 2 * len(user), 2 * len("pass"))
    assert lengths in told[0] and wide(domain) + wide(user) + wide("pass") in told[0]
