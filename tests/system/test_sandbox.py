# SPDX-License-Identifier: GPL-3.0-or-later
"""Every process of ours has given its rights up, however it was started: what the kernel says."""

import contextlib
import os
import signal

import pytest

import procs
from deployment import command_name, eventually, processes_of
from sandboxes import OPEN_BUILD, confined, shut_in


@pytest.fixture
def closed(oriel):
    if OPEN_BUILD in oriel.log("broker"):
        pytest.skip("a build for checking has no sandbox")
    return oriel


def helpers(oriel, name):
    return [p for p in processes_of(oriel.gateway_uid) if command_name(p) == name]


def dialers(oriel):
    return helpers(oriel, "oriel-dialer")


def test_gateway(closed):
    oriel = closed
    supervisor = oriel.daemons["gateway"].pid

    def children():
        """Of two workers one is enough to serve: the other may still be starting."""
        workers = set(oriel.pids("gateway")) - {supervisor}
        beside = [helpers(oriel, name) for name in ("oriel-dialer", "oriel-signer")]
        return [*workers, *sum(beside, [])] if {2} == set(map(len, [workers, *beside])) else None

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
