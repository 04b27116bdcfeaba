# SPDX-License-Identifier: GPL-3.0-or-later
"""A network of one line, which can be cut: packets are lost then, and nobody is told."""

import ctypes
import os
import subprocess
import threading

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def made_namespace(name):
    """False if another test on this machine has it."""
    return subprocess.run(["ip", "netns", "add", name], capture_output=True, timeout=60).returncode == 0


class Line:
    """near: the address at this end; who comes from the other, far end is made by inside()."""

    def __init__(self):
        self.number = next(n for n in range(250) if made_namespace(f"oriel-line-{n}"))
        self.near, self.name = f"198.18.{self.number}.1", f"oriel-line-{self.number}"
        try:
            self.ip("link", "add", self.name, "type", "veth", "peer", "name", "far", "netns", self.name)
            self.ip("address", "add", f"{self.near}/30", "dev", self.name)
            self.ip("link", "set", self.name, "up")
            self.far("address", "add", f"198.18.{self.number}.2/30", "dev", "far")
            self.mend()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True, timeout=60)

    def far(self, *words):
        self.ip("-netns", self.name, *words)

    def cut(self):
        self.far("link", "set", "far", "down")

    def mend(self):
        self.far("link", "set", "far", "up")

    def close(self):
        """The line goes with it."""
        self.ip("netns", "delete", self.name)
        subprocess.run(["ip", "link", "delete", self.name], check=False, capture_output=True)

    def inside(self, make):
        """What make() returns at the far end: a thread is there, and a socket stays where it was made."""
        made = []

        def there():
            fd = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
            try:
                if libc.setns(fd, CLONE_NEWNET) == 0:
                    made.append(make())
            finally:
                os.close(fd)

        thread = threading.Thread(target=there)
        thread.start()
        thread.join()
        assert made, "nothing was made there"
        return made[0]
