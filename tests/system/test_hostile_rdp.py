# SPDX-License-Identifier: GPL-3.0-or-later
"""An RDP desktop that means harm, and a bridge before it: silence at every step, lengths that are not true, pictures
beyond the desktop, a handshake without end, other hosts. The bridge stays within its memory, does not compute for
ever, goes nowhere, and ends with words."""

import concurrent.futures
import itertools
import os
import struct

import pytest

import hostile_rdp as rdp
from bridge_alone import LIMIT, ROOM, Alone
from hostile_rdp import bits, bitmap, channel_said, connect_response, core, fast, net, security

SIDE = 65535
SOUND, CLIPBOARD, DYNAMIC = 1004, 1005, 1006  # in the order in which the bridge asks for them
LEFT, DIED, SILENT = "the desktop has left", "the bridge died of what the desktop sent", "the desktop's RDP server fell silent"
FAILED, TOO_LARGE = "the desktop's RDP server: The connection failed.", "the desktop's picture is too large"


def then_leaves(*words, **more):
    return rdp.rdp(*words, stay=False, **more)


def again(word, times):
    return itertools.repeat(word * 10, times // 10)


HARM = {
    "a length of the handshake": (then_leaves(connect_response(core(), octets=b"\x84\xff\xff\xff\xff"), at="mcs"), FAILED),
    "channels": (then_leaves(connect_response(core() + security() + rdp.block(0x0C03, struct.pack("<HH", 1003, SIDE))),
                             at="mcs"), FAILED),
    "blocks without a length": (then_leaves(connect_response(rdp.block(0x0C01, b"", 0) * 1000), at="mcs"), FAILED),
    "a license": (then_leaves(rdp.said(rdp.GLOBAL, struct.pack("<IBBH32xII", 0x80, 1, 3, SIDE, 0, 0xfffffff0)),
                              at="license"), FAILED),
    "capabilities": (then_leaves(rdp.demand([rdp.capability(2, b"", 0)] * 3000), at="capabilities"), FAILED),
    "a desktop's size": (then_leaves(size=(SIDE, SIDE)), TOO_LARGE),
    "a desktop's size within memory": (then_leaves(size=(9000, 9000)), TOO_LARGE),
    "a new size": (then_leaves(rdp.reactivation(SIDE, SIDE)), LEFT),
    "deactivated without end": (then_leaves(*again(rdp.DEACTIVATE + rdp.demand(rdp.usual(64, 64)), 10000)), LEFT),
    "a rectangle": (then_leaves(bitmap(8192, 8192, b"\xf0\xff\xff" * 1100)), LEFT),
    "a picture beyond the desktop": (then_leaves(rdp.nscodec(4096, 4096)), LEFT),
    "a picture that is not there": (then_leaves(bits(rdp.RAW, 1, 1, bytes(4))), LEFT),
    "a cursor": (then_leaves(rdp.pointer(SIDE, SIDE)), LEFT),
    "fragments without end": (then_leaves(fast(rdp.BITMAP, bytes(16000), fragment=2),
                                          *again(fast(rdp.BITMAP, bytes(16000), fragment=3), 4000)), LEFT),
    "a message of a channel": (then_leaves(channel_said(CLIPBOARD, bytes(100), 0xfffffff0, 1)), DIED),
    "sound that is none": (then_leaves(*(channel_said(SOUND, os.urandom(100)) for _ in range(3000))), LEFT),
}


@pytest.mark.parametrize("what", HARM)
def test_a_bridge_ends_with_words(program, what):
    serve, words = HARM[what]
    bridge = Alone("rdp", serve)
    last = bridge.heard[-1]
    assert last["reason"] == words and last["fault"] in ("desktop", "ended"), bridge.heard
    assert bridge.status == 0 or words == DIED
    assert bridge.most < LIMIT + ROOM and bridge.seconds < 10


def test_silence(program):
    """At each step, and of one that asks for more than it listens to; all at once, since each waits."""
    talks = (struct.pack("<HHI", 4, 0, 4) + struct.pack("<I", 13)) * 10
    desktops = [rdp.rdp(at=step) for step in rdp.STEPS[:-1]] + [
        rdp.rdp(rdp.tpkt(bytes(20), SIDE), at=step) for step in ("confirm", "mcs", "capabilities")] + [
        rdp.rdp(rdp.DEACTIVATE),
        rdp.rdp(*again(channel_said(DYNAMIC, talks), 200000), stay=False)]
    with concurrent.futures.ThreadPoolExecutor(len(desktops)) as all_at_once:
        bridges = list(all_at_once.map(lambda desktop: Alone("rdp", desktop), desktops))
    for bridge in bridges:
        assert bridge.heard[-1]["reason"] in (SILENT, LEFT), bridge.heard
        assert bridge.status == 0 and bridge.seconds < 10


@pytest.mark.parametrize("at", ["capabilities", "shown"])
def test_nowhere_else(program, at):
    """Neither by name of a host, nor of a socket, nor of FreeRDP's own kind."""
    for host in ("127.0.0.1", "|", "/tmp/.X11-unix/X0"):
        bridge = Alone("rdp", rdp.rdp(rdp.redirection(host), at=at))
        assert bridge.heard[-1]["reason"] == "the desktop's RDP server sends people to another computer"
        assert bridge.status == 0


@pytest.mark.parametrize("chosen, words", [
    (0, "the desktop's RDP server: The connection failed at negotiating security settings."),
    (rdp.TLS, "the desktop's certificate is not of the CA that was named for it")])
def test_a_certificate_of_nobody(program, chosen, words):
    """Where a CA is named, neither one that it has not signed will do, nor none."""
    bridge = Alone("rdp", then_leaves(at="mcs" if chosen else "tls", chosen=chosen),
                   ca=rdp.certificate("another").decode())
    assert bridge.heard[-1]["reason"] == words
