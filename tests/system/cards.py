# SPDX-License-Identifier: GPL-3.0-or-later
"""The other end of a desktop's network card, as the test itself holds it, and frames made by hand."""

import select
import socket
import struct

GUEST = "10.0.2.15"


def hung_up(card):
    return bool(select.select([card], [], [], 0)[0])  # the broker has nothing more to say


class Cards:
    """Listens in oriel-nic's place: says "ok", and keeps what the guests send."""

    def __init__(self, directory):
        self.path = directory / "cards.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.path.unlink(missing_ok=True)
        self.listener.bind(str(self.path))
        self.listener.listen(8)
        self.listener.settimeout(60)

    def accept(self, answer=b"ok\n"):
        """What was asked for; and a connection that carries frames."""
        while True:
            card = self.listener.accept()[0]
            card.settimeout(60)
            asked = card.recv(100)
            if not hung_up(card):  # by a clone that was given up meanwhile
                card.sendall(answer)
                return asked, card


def frames(card):
    """Each frame that the guest sends, until it has none for a minute."""
    held = b""
    while True:
        while len(held) < 4 or len(held) < 4 + struct.unpack("!I", held[:4])[0]:
            more = card.recv(65536)
            assert more, "QEMU hung up"
            held += more
        size = struct.unpack("!I", held[:4])[0]
        yield held[4 : 4 + size]
        held = held[4 + size :]


def asks_for_a_lease(card):
    """The address that the guest's DHCP client has, which is also that of every frame until then."""
    for frame in frames(card):
        source = frame[6:12]
        if frame[12:14] == b"\x08\x00" and frame[23] == 17 and frame[34:38] == b"\x00\x44\x00\x43":
            assert frame[42 + 28 : 42 + 34] == source  # chaddr
            return source.hex(":")
    raise AssertionError


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def syn(target, port, own=40000):
    source, target = socket.inet_aton(GUEST), socket.inet_aton(target)
    head = struct.pack("!HHIIBBHHH", own, port, 1, 0, 5 << 4, 2, 65000, 0, 0)
    total = checksum(source + target + struct.pack("!BBH", 0, 6, len(head)) + head)
    head = head[:16] + struct.pack("!H", total) + head[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0x4000, 64, 6, 0, source, target)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    frame = b"\xff" * 6 + bytes.fromhex("021122334455") + b"\x08\x00" + ip + head
    return struct.pack("!I", len(frame)) + frame


def flags_of_answer(card, target, port):
    """Of the first TCP segment that comes from there."""
    for frame in frames(card):
        if frame[12:14] == b"\x08\x00" and frame[23] == 6 and frame[26:30] == socket.inet_aton(target):
            assert struct.unpack("!H", frame[34:36])[0] == port
            return frame[47]
    raise AssertionError
