# SPDX-License-Identifier: GPL-3.0-or-later
"""Every process of ours has given its rights up, however it was started: what the kernel says."""

import contextlib
import os
import pathlib
import re
import signal

import pytest

import procs
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
    """Empty once it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return {}
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


def shut_in(pid):
    """Has it shut itself in, or gone? One that has just been started has not, yet."""
    return status(pid).get("Seccomp") in (FILTERED, None)


def test_gateway(closed):
    oriel = closed
    supervisor = oriel.daemons["gateway"].pid

    def children():
        """Of two workers one is enough to serve: the other may still be starting."""
        workers = set(oriel.pids("gateway")) - {supervisor}
        return [*workers, *dialers(oriel)] if len(workers) == 2 == len(dialers(oriel)) else None

    pids = eventually(children)
    assert pids, oriel.tail("gateway")
    for pid in pids:
        assert eventually(lambda: shut_in(pid)), command_name(pid)
        assert confined(pid), command_name(pid)
    confined(supervisor)
    assert "sandbox:" not in oriel.log("gateway"), "this kernel has all that the sandbox wants"


@pytest.mark.parametrize("what", ["broker", "desktop"])
def test_broker_and_what_it_starts(closed, what):
    oriel = closed
    assert eventually(lambda: oriel.desktops_running() and procs.at_rest(oriel)), oriel.ctl("desktops")
    pids = oriel.pids("broker") if what == "broker" else list(oriel.desktops_running())
    for pid in pids:
        assert eventually(lambda: shut_in(pid)), command_name(pid)
        assert confined(pid)


def test_a_lost_dialer_is_replaced(oriel):
    """Its worker finds out when a page is asked for, and makes room for another worker."""
    victim = min(dialers(oriel))
    os.kill(victim, signal.SIGKILL)

    def replaced():
        with contextlib.suppress(OSError):
            oriel.api().request("GET", "/healthz")
        return victim not in dialers(oriel) and len(dialers(oriel)) == 2

    assert eventually(replaced, 60, 0.1)
    assert oriel.healthy()
