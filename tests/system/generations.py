# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway's workers before and after a reload, and the files that it is to take note of."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import threading

import procs
import rfb
from deployment import eventually


@contextlib.contextmanager
def moving(oriel, source):
    """A live session whose picture moves."""
    viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source)
    viewer.secure(oriel.ca, "ben", oriel.passwords["ben"])
    viewer.init()
    viewer.screen()
    yield viewer
    viewer.sock.close()
    assert eventually(lambda: not procs.live_sessions(oriel))


def alive(viewer):
    viewer.type("echo still here\n")
    viewer.update(incremental=True)


def workers(oriel):
    return set(oriel.pids("gateway")) - {oriel.daemons["gateway"].pid}


def worker_of(oriel, viewer):
    """The worker that has this viewer's connection, once one of them took it from the queue."""
    port = viewer.sock.getsockname()[1]

    def owner():
        listing = subprocess.run(
            ["ss", "-Htnp", "state", "established", f"( dport = :{port} )"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return next((pid for pid in workers(oriel) if f"pid={pid}," in listing), None)

    pid = eventually(owner)
    assert pid, "nobody took the connection"
    return pid


def listening(oriel):
    """The workers that take who comes."""
    words = ["ss", "-Htlnp", f"( sport = :{oriel.vnc_port} )"]
    listing = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return {pid for pid in workers(oriel) if f"pid={pid}," in listing}


def taken_over(oriel, before, count=2):
    """Waits until so many new workers take who comes, and those of before nobody any more: they know
    that they are retired a moment after the log says who takes over."""

    def done():
        taking = listening(oriel)
        return len(taking) == count and not taking & before

    assert eventually(done), f"{listening(oriel)} after {before}"
    assert oriel.healthy()


def reloaded(oriel):
    """The configuration as it is now; every worker is a new one."""
    before = workers(oriel)
    os.kill(oriel.daemons["gateway"].pid, signal.SIGHUP)
    taken_over(oriel, before)


def replace(path, content):
    """As ACME clients do: a new file under the old name."""
    new = pathlib.Path(f"{path}.new")
    new.write_bytes(content)
    shutil.copystat(path, new)
    os.chown(new, path.stat().st_uid, path.stat().st_gid)
    os.utime(new)
    os.replace(new, path)


def replace_fresh(file, content, like):
    """As replace(), for a file that need not be there; with the owner and mode of another."""
    new = pathlib.Path(f"{file}.new")
    new.write_bytes(content)
    shutil.copymode(like, new)
    os.chown(new, like.stat().st_uid, like.stat().st_gid)
    os.replace(new, file)


class Knocking:
    """Who makes connections all the time, in threads, and keeps what became of those that were lost."""

    def __init__(self, threads):
        self.lost = []
        self.stop = threading.Event()
        self.threads = threads

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(90)
