# SPDX-License-Identifier: GPL-3.0-or-later
"""Every process of ours has given its rights up, however it was started: what the kernel says."""

import contextlib
import os
import pathlib
import re
import signal

import pytest

from deployment import command_name, eventually, processes_of

# A build for checking leaves them open, and says so.
OPEN_BUILD = "leaves the sandbox open"
FILTERED, NONE = "2", "0000000000000000"


@pytest.fixture
def closed(oriel):
    if OPEN_BUILD in oriel.log("broker"):
        pytest.skip("a build for checking has no sandbox")
    return oriel


def status(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(re.findall(r"^(\w+):\t(.*)$", text, re.M))


def core_limit(pid):
    text = pathlib.Path(f"/proc/{pid}/limits").read_text()
    return re.search(r"^Max core file size +(\S+) +(\S+)", text, re.M).groups()


def dialers(oriel):
    return [p for p in processes_of(oriel.gateway_uid) if command_name(p) == "oriel-dialer"]


def confined(pid):
    facts = status(pid)
    assert facts["NoNewPrivs"] == "1"
    assert {facts[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Amb")} == {NONE}
    assert core_limit(pid) == ("0", "0")
    return facts["Seccomp"] == FILTERED


def test_gateway(closed):
    oriel = closed
    supervisor = oriel.daemons["gateway"].pid
    workers = set(oriel.pids("gateway")) - {supervisor}
    assert len(workers) == 2 and len(dialers(oriel)) == 2
    for pid in (*workers, *dialers(oriel)):
        assert confined(pid), command_name(pid)
    confined(supervisor)
    assert "sandbox:" not in oriel.log("gateway"), "this kernel has all that the sandbox wants"


@pytest.mark.parametrize("what", ["broker", "desktop"])
def test_broker_and_what_it_starts(closed, what):
    oriel = closed
    assert eventually(oriel.desktops_running)
    pids = oriel.pids("broker") if what == "broker" else list(oriel.desktops_running())
    for pid in pids:
        assert confined(pid)


def test_a_lost_dialer_is_replaced(oriel):
    """Its worker finds out when a page is asked for, and makes room for another worker."""
    victim = min(dialers(oriel))
    os.kill(victim, signal.SIGKILL)

    def replaced():
        with contextlib.suppress(OSError):
            oriel.api().request("GET", "/healthz")
        return victim not in dialers(oriel) and len(dialers(oriel)) == 2

    assert eventually(replaced, 30, 0.1)
    assert oriel.healthy()
