# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway process that was taken over: on the broker's control socket, with nothing but what the broker
tells every gateway, and what it can try with that."""

import json
import os
import socket
import struct

from peer import read_exactly


class Intruder:
    """heard: every notice that came, from hello on."""

    def __init__(self, oriel):
        self.heard, self.last = [], 0
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(oriel.path("run/control.sock")))
        assert self.ask("hello", gateway="intruder")["type"] == "ok"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def read(self):
        (size,) = struct.unpack(">I", read_exactly(self.sock, 4))
        return json.loads(read_exactly(self.sock, size))

    def say(self, type, **fields):
        body = json.dumps({"type": type, **fields}).encode()
        self.sock.sendall(struct.pack(">I", len(body)) + body)

    def ask(self, type, **fields):
        """The answer; notices that come before it are kept."""
        self.last += 1
        self.say(type, id=self.last, **fields)
        while (message := self.read()).get("id") != self.last:
            self.heard.append(message)
        return message

    def hear(self, type):
        """Waits for the next notice of that type."""
        while True:
            self.heard.append(self.read())
            if self.heard[-1]["type"] == type:
                return self.heard[-1]

    def texts(self):
        return {value for notice in self.heard for key, value in notice.items()
                if isinstance(value, str) and key != "type"}

    def attempts(self, client_id, peer):
        """What may come of all that, and of the number of somebody else's session: the answers that are
        no refusals. `peer`: where it says that its clients come from."""
        got = []
        for text in self.texts():
            tries = [("dial", {"lease": text}), ("linked", {"lease": text, "backend_id": 1}),
                     ("lobby", {"lease": text, "protocol": "spice", "peer": peer, "ticket": ""})]
            channel = {"client_id": client_id, "channel": "display:0", "peer": peer}
            tries += [("join", channel | {"ticket": text})]
            tries += [("join", channel | {"bond": (text * 64)[:64]})] if is_hex(text) else []
            tries += [("join", channel | {"bond": text + os.urandom(16).hex()})] if len(text) == 32 else []
            for type, fields in tries:
                answer = self.ask(type, **fields)
                got += [(type, fields, answer)] if answer["type"] != "refuse" else []
        return got


def is_hex(text):
    return set(text) <= set("0123456789abcdef")
