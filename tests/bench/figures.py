# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks read from the kernel and from bench-load."""

import json
import pathlib
import subprocess

import deployment


def cpu_ns(pids):
    return sum(int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids)


def pss_kib(pids):
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total


class Load:
    """One run of bench-load: the CPU time of the target's processes for each client that connected
    (connect_ns) and for all the work (cpu_ns), the load's own words (result).
    meanwhile(load): called when all are connected, while they work."""

    def __init__(self, target, clients, seconds, size, meanwhile=None):
        target.prepare(clients)
        words = [deployment.BUILD / "tests/bench/bench-load", target.protocol, target.host,
                 target.port, clients, seconds, *size]
        if target.tickets:
            words.append(target.tickets)
        pids = target.pids()
        self.clients, self.pids, self.memory_kib = clients, pids, pss_kib(pids)
        cpu = cpu_ns(pids)
        process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "go\n", f"{target.name}: bench-load did not start"
        self.connect_ns = (cpu_ns(pids) - cpu) / clients
        cpu = cpu_ns(pids)
        if meanwhile:
            meanwhile(self)
        assert process.stdout.readline() == "end\n", f"{target.name}: bench-load did not end"
        self.cpu_ns = cpu_ns(pids) - cpu
        self.result = json.loads(process.stdout.readline())
        process.wait(60)

    def kib_per_client(self):
        """Memory that the target's processes have taken since before the first connection."""
        return (pss_kib(self.pids) - self.memory_kib) / self.clients
