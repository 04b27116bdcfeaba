# SPDX-License-Identifier: GPL-3.0-or-later
"""oriel-bridge by itself, in the place of its broker."""

import array
import json
import socket
import struct
import subprocess

import deployment

BINARY = deployment.BUILD / "bridge/oriel-bridge"
PATIENCE = 20


def say(wire, passed, **fields):
    """With a descriptor, which is closed here."""
    text = json.dumps(fields).encode()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [passed.fileno()]))]
    with passed:
        wire.sendmsg([struct.pack(">I", len(text)) + text], rights)


def start(face, display, protocol, dial=None):
    """A bridge that shows what is behind `display`: its process and its wire. dial(): one connection more."""
    wire, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    wire.settimeout(PATIENCE)
    process = subprocess.Popen(
        ["/bin/sh", "-c", 'exec "$0" $1 us 3<&0 0</dev/null', BINARY, face], stdin=theirs)
    theirs.close()
    lease = {"type": "lease", "id": 1, "lease": "alone", "user": "alone", "desktop": "scene",
             "endpoint": {"protocol": protocol, "has_fd": True}}
    say(wire, display, **lease)
    while b'"ok"' not in (answer := wire.recv(1 << 18)):
        assert b'"dial"' in answer, answer
        say(wire, dial(), **lease)
    return process, wire


def line():
    """A connection as the broker makes it for SPICE (dial_pair() in broker/provider/dial_pair.h)."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        its, _ = listener.accept()
    for sock in (ours, its):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 128 << 10)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 << 10)
    return ours, its


def client(wire, spice, lease="alone"):
    """A connection of the client's."""
    ours, its = line() if spice else socket.socketpair()
    say(wire, its, type="client", lease=lease)
    return ours
