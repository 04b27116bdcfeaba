# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks read from the kernel and from bench-load."""

import contextlib
import json
import os
import pathlib
import subprocess
import time

import deployment
from place import MEASURED, OTHERS, place


def used_ns(pid):
    """Of all its threads. With a thread for each client those that have ended count too, in hundredths of
    a second; None if it is gone."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        if int(stat[17]) > 1:
            return (int(stat[11]) + int(stat[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
        return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return None


def cpu_ns(pids):
    return sum(used_ns(pid) or 0 for pid in pids)


class Cpu:
    """What processes use from now on, also those that come later; who ends meanwhile is left out."""

    def __init__(self, pids):
        self.before = {pid: used_ns(pid) for pid in pids}

    def used_ns(self, pids):
        now = {pid: used_ns(pid) for pid in pids}
        return sum(ns - (self.before.get(pid) or 0) for pid, ns in now.items() if ns is not None)


def ticks_ns(ticks):
    return sum(int(n) for n in ticks) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


class Strangers:
    """What everybody else on the machine uses: all but us and the processes with these ids, to the
    hundredth of a second."""

    def __init__(self, pids):
        self.began = time.monotonic()
        self.before = self.used_ns(pids)

    @staticmethod
    def used_ns(pids):
        words = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()
        ours = []
        for pid in {os.getpid(), *pids}:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                ours += stat[11:15]  # with its children that have ended
        return ticks_ns(words[1:4] + words[6:9]) - ticks_ns(ours)

    def percent(self, pids):
        """Of one processor, since the beginning."""
        return max(self.used_ns(pids) - self.before, 0) / (time.monotonic() - self.began) / 1e7


def pss_kib(pids):
    total = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total


class Refused(Exception):
    """Not as many clients as were asked for have come in."""


def start_load(target, clients, seconds, size, tickets=None, pace=0, socket=None):
    """bench-load when all are connected, and do nothing until begin_load().
    pace: questions a second of each client; 0 = each asks again when it has its answer.
    socket: the desktop's, where the load shall be it."""
    words = [deployment.BUILD / "tests/bench/bench-load", target.protocol, target.host, target.port,
             clients, seconds, *size, tickets or "-", f"{pace}/s" if pace else 0]
    if socket:
        words.append(socket)
    place(target.everybody(), MEASURED)
    place(target.bench.desktops, OTHERS)
    process = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True, start_new_session=True,
                               preexec_fn=lambda: place([os.getpid()], OTHERS))
    if process.stdout.readline() != "ready\n":
        process.wait(60)
        raise Refused(f"{target.name}: ended a client before all were there")
    return process


def begin_load(process):
    process.stdin.write("\n")
    process.stdin.flush()


def end_load(process):
    assert process.stdout.readline() == "end\n", "bench-load did not end"
    result = json.loads(process.stdout.readline())
    process.wait(60)
    return result


class Load:
    """One run of bench-load: the CPU time of the target's processes for each client that connected
    (connect_ns) and for all the work (cpu_ns), that of load and desktop meanwhile (others_ns), the
    load's own words (result).
    meanwhile(load): called when all are connected, while they work."""

    def __init__(self, target, clients, seconds, size, meanwhile=None, pace=0, socket=None):
        target.prepare(clients)
        pids = target.pids()
        self.clients, self.pids, self.memory_kib = clients, pids, pss_kib(pids)
        cpu = Cpu(pids)
        process = start_load(target, clients, seconds, size, target.tickets, pace, socket)
        self.pids = target.pids()  # some have a process for each client
        self.connect_ns = cpu.used_ns(self.pids) / clients
        cpu, desktops = Cpu(self.pids), Cpu(target.bench.desktops)
        begin_load(process)
        if meanwhile:
            meanwhile(self)
        self.result = end_load(process)
        self.cpu_ns = cpu.used_ns(self.pids)
        self.others_ns = desktops.used_ns(target.bench.desktops) + self.result["cpu_us"] * 1000

    def busy(self, ns):
        """Percent of the time."""
        return ns / self.result["seconds"] / 1e7

    def kib_per_client(self):
        """Memory that the target's processes have taken since before the first connection."""
        return (pss_kib(self.pids) - self.memory_kib) / self.clients
