# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deployment holds: so that "nothing leaks" can be asked before and after."""

import contextlib
import ctypes
import os
import pathlib
import socket
import time

import deployment
from deployment import eventually

BUFFER_KIB = 512  # that a client which reads nothing may cost


def descriptors(pid):
    """How many of each kind a process has, if it still is; numbers of sockets and pipes do not matter."""
    count = {}
    with contextlib.suppress(OSError):
        for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                kind = os.readlink(entry).split(":")[0]
                count[kind] = count.get(kind, 0) + 1
    return count


def waits(pid):
    """What a process and its children wait in, thread by thread, and what they have open: of one that hangs."""
    told, process = [], pathlib.Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):
        for task in (process / "task").iterdir():
            words = [task.joinpath(name).read_text().strip() for name in ("comm", "wchan", "syscall")]
            told += [f"{pid}: {words}", *(waits(child) for child in task.joinpath("children").read_text().split())]
        told += [f"{pid}: {fd.name} is {os.readlink(fd)}" for fd in (process / "fd").iterdir()]
    return "\n".join(told)


def kept_waiting(oriel):
    """Seconds that our threads and the daemons' have stood in line for a processor so far."""
    told = 0
    for pid in [os.getpid(), *oriel.pids("gateway"), *oriel.pids("broker")]:
        for schedule in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                told += int(schedule.read_text().split()[1])
    return told / 1e9


@contextlib.contextmanager
def within(oriel, seconds):
    """What is done inside takes no longer, not counting what the machine has kept us and the daemons waiting: that
    is its own matter, and how long the daemons ran, or slept, is theirs."""
    begin, kept = time.monotonic(), kept_waiting(oriel)
    yield
    passed = time.monotonic() - begin
    if passed >= seconds:
        kept = max(kept_waiting(oriel) - kept, 0)
        assert passed - kept < seconds, f"{passed:.1f} s, of which the machine has had {kept:.1f}"


PIDFD_GETFD = 438  # Linux 5.6; Python has no name for it


def in_hand(pid, words):
    """Is that among the first bytes which a process has in a socket and has not read? Ask of one that is stopped."""
    process = os.pidfd_open(pid)
    try:
        for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            if not os.readlink(entry).startswith("socket:"):
                continue
            fd = ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, process, int(entry.name), 0)
            if fd < 0:
                raise OSError(ctypes.get_errno(), "pidfd_getfd")
            with socket.socket(fileno=fd) as copy, contextlib.suppress(OSError):
                if words in copy.recv(65536, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                    return True
        return False
    finally:
        os.close(process)


def sanitized():
    """What is measured of its memory says nothing: AddressSanitizer keeps much that was freed."""
    return b"__asan_init" in (deployment.BUILD / "gateway/oriel-gateway").read_bytes()


def own_kib(pid):
    """KiB of memory that are its alone and no file's."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss_Anon:"))


def open_total(oriel, name):
    return sum(sum(descriptors(pid).values()) for pid in oriel.pids(name))


def bridges(oriel):
    """The bridges of this deployment that run."""
    path = os.fsencode(oriel.path("bin/oriel-bridge"))
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cmdline").read_bytes().split(b"\0")[0] == path:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def auth_helpers(oriel):
    """oriel-auth processes: one for each login that is under way."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if str(oriel.path("bin/oriel-auth")).encode() + b"\0" in line + b"\0":
            found.append(int(entry.name))
    return [pid for pid in found if pid != oriel.daemons["authd"].pid]


def live_sessions(oriel):
    return [row for row in oriel.rows("sessions") if row["state"] != "ended"]


def states(oriel):
    """{desktop: state} as the broker sees it."""
    return {row["id"]: row["state"] for row in oriel.rows("desktops")}


def strangers(oriel):
    """QEMUs of desktops that the broker does not know. One that was just made is in no older list."""
    running = oriel.desktops_running()
    known = states(oriel)
    return [line for line in running.values() if not any(id in line for id in known)]


def at_rest(oriel):
    """Is no desktop being made, started, made fresh or thrown away?"""
    return all(state in ("ready", "off", "in-use", "suspended") for state in states(oriel).values())


def settled(oriel):
    """The gateway's descriptors once their number has not changed for a while: goodbyes linger up
    to two seconds."""
    last, since = None, 0

    def same():
        nonlocal last, since
        now = open_total(oriel, "gateway")
        since = since + 1 if now == last else 0
        last = now
        return since >= 25

    eventually(same, 30, 0.1)
    return last


class Books:
    """What the gateway holds when nobody is connected; then checks that it is so again."""

    def __init__(self, oriel):
        self.oriel = oriel
        assert eventually(oriel.linked), oriel.tail("gateway")
        assert eventually(lambda: not live_sessions(oriel)), live_sessions(oriel)
        if oriel.idle_descriptors is None:
            oriel.idle_descriptors = settled(oriel)
        self.gateway = oriel.idle_descriptors

    def balanced(self):
        """Asserts that no descriptor, session or login helper is left over."""
        oriel = self.oriel
        assert eventually(lambda: not live_sessions(oriel)), live_sessions(oriel)
        assert eventually(lambda: open_total(oriel, "gateway") <= self.gateway), (
            f"the gateway had {self.gateway} descriptors, now {open_total(oriel, 'gateway')}"
        )
        assert eventually(lambda: not auth_helpers(oriel)), auth_helpers(oriel)
        assert eventually(lambda: not strangers(oriel)), strangers(oriel)
