# SPDX-License-Identifier: GPL-3.0-or-later
"""A broker in a few lines, for oriel-lobby alone: the other end of its descriptor 3, and one client."""

import array
import json
import os
import pathlib
import socket
import subprocess

import deployment

BINARY = deployment.BUILD / "lobby/oriel-lobby"
WAIT = 120  # seconds


class Foyer:
    """One lobby and what a broker says to it. `client` is the viewer's end of its only connection,
    once somebody has connect()ed."""

    def __init__(self, protocol="vnc"):
        self.wire, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.wire.settimeout(WAIT)

        self.process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$0" "$1" 3<&0 0</dev/null', str(BINARY), protocol],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin"},
        )
        theirs.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.wire.close()
        try:
            self.process.wait(WAIT)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stderr.close()

    def say(self, kind, fd=None, **fields):
        packet = json.dumps({"type": kind, **fields}).encode()
        rights = []
        if fd is not None:
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
        self.wire.sendmsg([packet], rights)

    def hear(self):
        """The next thing that the person did."""
        packet = self.wire.recv(200000)
        assert packet, "the lobby has gone"
        return json.loads(packet)

    def connect(self):
        """A connection of the client; the viewer's end."""
        ours, theirs = socket.socketpair()
        self.say("channel", theirs.fileno())
        theirs.close()
        ours.settimeout(WAIT)
        return ours

    def desktops(self, *rows):
        """(id, name, pool, state, last used)"""
        keys = ("id", "name", "pool", "state", "last_used")
        self.say("desktops", desktops=[dict(zip(keys, row)) for row in rows])

    def prompts(self, *rows):
        """(text, question, echo, error)"""
        keys = ("text", "question", "echo", "error")
        self.say("prompts", prompts=[dict(zip(keys, row)) for row in rows])

    def pss(self):
        """Kilobytes."""
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1])

    def cpu(self):
        """Seconds so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")")[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
