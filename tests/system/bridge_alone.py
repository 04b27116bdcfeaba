# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge by itself before a desktop (hostile.py, hostile_rdp.py), with the broker's limit, and what it said and
cost until it ended."""

import json
import pathlib
import socket
import subprocess
import tempfile
import threading

import bridges
import hostile

LIMIT = 512 << 20  # as broker/child_rules.c has it
ROOM = 64 << 20  # its programs, which do not count there
START = f'ulimit -d {LIMIT >> 10} -c 0; exec "$0" "$1" us 3<&0 0</dev/null'
# A process has on its account what it was before exec(), too: this test is larger than a bridge may be.
MEASURED = """import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(status, used.ru_maxrss, used.ru_utime + used.ru_stime)"""


class Alone:
    """heard: what it said to the broker, until it ended; status: with which it did; most: bytes of memory that it ever
    had; seconds: of a processor. more: of its endpoint. viewer(self) is called, in a thread, when the desktop has its
    picture, and may dial()."""

    def __init__(self, protocol, serve, face="vnc", viewer=None, **more):
        self.wire, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.wire.settimeout(hostile.PATIENCE)
        self.endpoint = {"protocol": protocol, "has_fd": True, **more}
        self.serve, self.viewer, self.heard = serve, viewer, []
        with tempfile.TemporaryDirectory() as directory:
            for name in ("certs", "server"):  # as broker/bridges/bridges.c makes them
                (pathlib.Path(directory) / "freerdp" / name).mkdir(parents=True)
            process = subprocess.Popen(
                ["/usr/bin/python3", "-c", MEASURED, "/bin/bash", "-c", START, bridges.BINARY, face], stdin=theirs,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env={"HOME": "/", "PATH": "/usr/bin:/bin", "XDG_CONFIG_HOME": directory})
            theirs.close()
            try:
                self.lease(1)
                self.listen()
            finally:
                self.wire.close()
                told, _ = process.communicate(timeout=hostile.PATIENCE)
        status, most, seconds = told.split()
        self.status, self.most, self.seconds = int(status), int(most) << 10, float(seconds)

    def lease(self, number):
        """A connection to the desktop."""
        bridges.say(self.wire, hostile.connection(self.serve), type="lease", id=number, lease="evil",
                    user="carla", desktop="evil", endpoint=self.endpoint)

    def dial(self):
        """A connection of the viewer."""
        mine = bridges.client(self.wire, spice=False, lease="evil")
        mine.settimeout(hostile.PATIENCE)
        return mine

    def listen(self):
        while True:
            try:
                packet = self.wire.recv(1 << 18)
            except ConnectionError:  # it died before it had read all
                return
            if not packet:
                return
            said = json.loads(packet[4:])
            if said["type"] != "dial":
                self.heard.append(said)
                if said["type"] == "ok" and self.viewer:
                    threading.Thread(target=self.viewer, args=(self,), daemon=True).start()
                continue
            try:
                self.lease(said["id"])
            except ConnectionError:
                continue
