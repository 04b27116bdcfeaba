# SPDX-License-Identifier: GPL-3.0-or-later
"""A desktop that means harm, and a bridge before it: packed pictures that are vast, lengths that are not true,
shapes without end. The bridge stays within its memory and ends with words; nobody else hears of it."""

import itertools
import struct
import threading
import time

import pytest

import desktops
import hostile
import procs
import spice
from bridge_alone import LIMIT, ROOM, Alone
from deployment import eventually
from hostile import PATIENCE, SIDE, image, lz, packed, rect, sized, spice_server, surface, update, vnc
from sandboxes import OPEN_BUILD

pytestmark = pytest.mark.usefixtures("no_bridge")

SURFACES = [surface(n, SIDE, SIDE) + hostile.fill(n, SIDE, SIDE) for n in range(1, 20)]
HARM = {
    "vnc": {
        "a desktop's size": vnc(size=(65535, 65535)),
        "a new size": vnc(update(rect(65535, 65535, hostile.NEW_SIZE), rect(60000, 1, hostile.RAW, bytes(240000)))),
        "a rectangle": vnc(update(rect(65535, 65535, hostile.RAW))),
        "a cursor": vnc(update(rect(65535, 65535, hostile.CURSOR))),
        "zlib": vnc(update(rect(SIDE, SIDE, hostile.NEW_SIZE),
                           rect(SIDE, SIDE, hostile.ZLIB, hostile.long(packed(128 << 20))))),
        "zrle": vnc(update(rect(SIDE, SIDE, hostile.NEW_SIZE),
                           rect(SIDE, SIDE, hostile.ZRLE, hostile.long(packed(128 << 20))))),
        "tight": vnc(update(rect(64, 64, hostile.TIGHT, b"\0" + hostile.COMPACT_MAX)), bytes(1 << 20)),
        "a length that nobody asked for": vnc(update(rect(64, 64, hostile.ULTRA, b"\x7f\xff\xff\xff")), bytes(1 << 20)),
    },
    "spice": {
        "a desktop's size": spice_server(size=(65535, 65535)),
        "a message": spice_server([struct.pack("<HI", spice.DRAW_COPY, 0xfffffff0)]),
        "a surface": spice_server([surface(1, 65535, 65535)]),
        "surfaces": spice_server(SURFACES),
        "lz": spice_server([image(1, hostile.LZ, 30000, 30000, lz(30000, 1000))]),
        "pictures to keep": spice_server([image(n, hostile.LZ, SIDE, SIDE, lz(SIDE, SIDE), 1) for n in range(20)]),
        "zlib": spice_server([image(1, hostile.ZLIB_GLZ, 64, 64, struct.pack("<I", 1000) + sized(packed(128 << 20)))]),
        "zlib's length": spice_server([image(1, hostile.ZLIB_GLZ, 64, 64, struct.pack("<I", 0xfffffff0) + sized(packed(1 << 20)))]),
        "lz4": spice_server([image(1, hostile.LZ4, 60000, 60000, sized(b"\1\x08" + struct.pack(">I", 20) + bytes(20)))]),
        "a stream": spice_server([hostile.stream(0x7ffffff0)]),
        "a picture that ends the process": spice_server([
            hostile.stream(0) + hostile.message(hostile.STREAM_DATA, bytes(8) + sized(b"\xff\xd8" + bytes(100)))]),
        "a cursor": spice_server([hostile.cursor(65535, 65535)], spice.CURSOR),
        "the clipboard": spice_server(hostile.agent_clipboard(2 * LIMIT), spice.MAIN),
    },
}


@pytest.mark.parametrize("protocol, what", [(protocol, what) for protocol in HARM for what in HARM[protocol]])
def test_a_bridge_ends_with_words(program, protocol, what):
    bridge = Alone(protocol, HARM[protocol][what])
    last = bridge.heard[-1]
    assert last["type"] in ("refuse", "ended") and last["fault"] in ("desktop", "ended"), bridge.heard
    assert last["reason"] in (
        "the desktop has left", "the bridge died of what the desktop sent", "the desktop's picture is too large",
        "the desktop's VNC server does not let the bridge in"), bridge.heard
    assert bridge.most < LIMIT + ROOM


def test_one_that_does_not_listen(program):
    """The bridge asks for each picture, until nothing more fits into the line."""
    pixel = update(rect(1, 1, hostile.RAW, b"\1\2\3\0"))
    bridge = Alone("vnc", vnc(*itertools.repeat(pixel * 100, 100000), say=hostile.say_deaf))
    assert bridge.heard[-1]["reason"] == "the desktop's VNC server fell silent", bridge.heard
    assert bridge.status == 0 and bridge.seconds < 10


def test_a_text_without_end(program):
    """One that is too long is skipped, as far as it comes."""
    bridge = Alone("vnc", vnc(b"\3\0\0\0\x7f\xff\xff\xff", bytes(4 << 20)))
    assert bridge.heard[-1]["reason"] == "the desktop's VNC server fell silent", bridge.heard
    assert bridge.status == 0 and bridge.seconds < 10 and bridge.most < LIMIT + ROOM


def test_pictures_that_nobody_takes(program):
    """Each smaller than the one before, so that something of all can be seen; the viewer reads none."""
    shown, drawn = threading.Event(), threading.Event()

    def boxes():
        shown.wait(PATIENCE)
        for n in range(0, 400, 4):
            place = (n, n, 1920 - 2 * n, 1080 - 2 * n)
            yield update(hostile.rect_at(place, hostile.TIGHT, struct.pack("B3x", 0x80)))
            time.sleep(0.02)  # each is a drawing of its own
        drawn.set()

    def looks_away(bridge):
        session = spice.Session(bridge.dial, "")
        session.attach()
        session.display()
        shown.set()
        drawn.wait(PATIENCE)
        session.close()

    def draws(sock, words):
        hostile.say(sock, itertools.chain(words, boxes()))

    bridge = Alone("vnc", vnc(size=(1920, 1080), say=draws), face="spice", viewer=looks_away)
    assert bridge.heard[-1]["reason"] == "the client left", bridge.heard
    assert bridge.status == 0 and bridge.most < LIMIT // 3


def green(picture):
    """As hostile.fill() has drawn it."""
    return picture.convert("RGB").getpixel((0, 0)) == (0, 255, 0)


def test_nobody_else_hears_of_it(program, oriel, pools, books, source):
    if OPEN_BUILD in oriel.log("broker"):
        pytest.skip("a build for checking starts its bridges without a limit of memory")
    good, evil, harm = oriel.path("good.sock"), oriel.path("evil.sock"), hostile.Later(SURFACES)
    with hostile.listening(spice_server(), good), hostile.listening(spice_server(harm), evil):
        pools("good", "spice", f"unix:{good}")
        pools("evil", "spice", f"unix:{evil}")
        with desktops.vnc(oriel, source, "carla/good") as viewer:
            assert eventually(lambda: green(viewer.screen()))
            mine = procs.bridges(oriel)
            with oriel.refusal("relay", "desktop"), desktops.vnc(oriel, source, "carla/evil") as victim:
                victim.screen()
                harm.go.set()
                assert victim.closed()
            assert eventually(lambda: "died of what the desktop sent" in oriel.log("broker"))
            assert eventually(lambda: procs.bridges(oriel) == mine)
            assert eventually(lambda: len(procs.live_sessions(oriel)) == 1)
            assert green(viewer.screen())


def test_a_vast_rectangle_is_broken_off(oriel, pools, books, source):
    """Without a bridge: what the gateway would have to bring to an end itself is more than it may hold."""
    path, harm = oriel.path("vast.sock"), hostile.Later([update(rect(65535, 65535, hostile.RAW, bytes(4096)))])
    before = sorted(oriel.pids("gateway"))
    evil = vnc(say=lambda sock, words: hostile.say_and_go(sock, harm))
    with hostile.listening(evil, path):
        pools("vast", "vnc", f"unix:{path}")
        with oriel.refusal("relay", "desktop"), desktops.vnc(oriel, source, "carla/vast") as victim:
            harm.go.set()
            assert victim.closed()
    assert sorted(oriel.pids("gateway")) == before
