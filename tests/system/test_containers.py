# SPDX-License-Identifier: GPL-3.0-or-later
"""Desktops that are containers: the driver against a real Podman and a real Docker, and through a whole
gateway."""

import contextlib
import os
import signal

import pytest

import engine as engines
import procs
from deployment import eventually
from desktops import vnc
from drivers import (
    ABSENT, CLONES, DISKS, EVENTS, LOCAL, POWER, RESETS, RUNNING, STOPPED, SURVIVES, VNC, WEIGHS, Check,
)

MIB = 1024 * 1024


def started(engine):
    try:
        engine.start()
        yield engine
    finally:
        engine.remove()


@pytest.fixture(scope="module")
def podman():
    yield from started(engines.Podman())


@pytest.fixture(scope="module")
def docker():
    yield from started(engines.Docker())


@pytest.fixture
def engine(request):
    """Podman, unless the test asks for both."""
    return request.getfixturevalue(getattr(request, "param", "podman"))


both = pytest.mark.parametrize("engine", ["podman", "docker"], indirect=True)


@pytest.fixture
def live(engine, tmp_path):
    """Makes lives of the driver; nothing may be left of their desktops."""
    lives = []

    def make(**options):
        image = engine.image if "network" not in options else {**engine.image, "network": options["network"]}
        lives.append(Check(tmp_path, image, "container", options.get("uri", engine.uri)))
        return lives[-1]

    yield make
    for one in lives:
        one.die()
    last = make()
    for desktop in last.done("list")["list"]:
        last.done("destroy", desktop)
    last.end()
    assert engine.containers() == []
    assert list((tmp_path / "state/desktops").iterdir()) == []


def running(check):
    """A fresh desktop whose display answers; its identity."""
    identity = check.done("clone", "d-1")["identity"]
    check.done("start", "d-1")
    assert check.done("display", "d-1", "vnc")["greeting"] == "RFB 003.008"
    return identity


@both
def test_life(engine, live, tmp_path):
    check = live()
    assert check.opened["caps"] == CLONES | POWER | RESETS | EVENTS | SURVIVES | LOCAL | WEIGHS | DISKS
    check.done("ensure")
    assert check.state() == ABSENT
    assert check("start", "d-1")["fault"] == "not-found"
    first = running(check)
    check.done("start", "d-1")
    assert check.state() == RUNNING
    assert check.done("displays", "d-1")["displays"] == VNC
    assert check.done("display", "d-1", "vnc")["fd"]
    assert check("display", "d-1", "spice")["fault"] == "config"
    assert (tmp_path / "state/desktops/d-1").stat().st_mode & 0o077 == 0

    # What a user leaves is there after a stop, and gone after a reset.
    engine.inside("touch", "/tmp/mine")
    check.done("stop", "d-1")
    assert check.state() == STOPPED
    assert check("display", "d-1", "vnc")["fault"] == "desktop"
    check.done("start", "d-1")
    assert "mine" in engine.inside("ls", "/tmp")
    second = check.done("reset", "d-1")["identity"]
    assert second != first
    assert check.state() == STOPPED
    check.done("start", "d-1")
    assert check.done("display", "d-1", "vnc")["greeting"] == "RFB 003.008"
    assert "mine" not in engine.inside("ls", "/tmp")

    labels = engine.inspect()["Config"]["Labels"]
    assert labels["oriel.desktop"] == "d-1" and labels["oriel.identity"] == second
    assert check.done("list")["list"] == ["d-1"]
    check.done("destroy", "d-1")
    check.done("destroy", "d-1")
    assert check.state() == ABSENT
    assert check.events.empty()


@both
def test_limits_hold(engine, live):
    running(live())
    about = engine.inspect()
    assert about["HostConfig"]["Memory"] == engine.image["memory"] * MIB
    status = engine.inside("cat", "/proc/self/status")
    assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status
    assert "Uid:\t1000" in status
    if not os.path.exists("/sys/fs/cgroup/memory"):
        pytest.skip("only version 1 of cgroups is read here")
    memory = engine.inside("cat", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
    assert int(memory) == engine.image["memory"] * MIB
    assert int(engine.inside("cat", "/sys/fs/cgroup/pids/pids.max")) == 4096
    shares = int(engine.inside("cat", "/sys/fs/cgroup/cpu/cpu.shares"))
    assert shares == engine.image["cpus"] * 1024
    quota, period = (
        int(engine.inside("cat", f"/sys/fs/cgroup/cpu/cpu.cfs_{what}_us"))
        for what in ("quota", "period")
    )
    assert quota == engine.image["cpus"] * period


def test_network_is_what_the_image_says(engine, live):
    """None but its own loopback; one of the engine's that is not there is refused, and so is the host's."""
    check = live(network="none")
    running(check)
    assert engine.inspect()["HostConfig"]["NetworkMode"] == "none"
    assert engine.inside("ls", "/sys/class/net").split() == ["lo"]
    check.done("destroy", "d-1")
    assert live(network="bridge:host")("ensure")["fault"] == "config"
    assert live(network="bridge:nowhere")("clone", "d-1")["fault"] in ("desktop", "not-found")


@both
def test_its_end_is_noticed(engine, live):
    """Once it is not wanted; also after the engine's service was away."""
    check = live()
    running(check)
    engine.end_service()
    engine.start()
    assert check.state() == RUNNING

    def killed():
        if "fault" in check("start", "d-1"):
            return False  # the engine has not yet put away the one that was killed before
        pid = engine.inspect()["State"]["Pid"]
        if pid > 0:  # 0: it has just ended
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return eventually(lambda: not check.events.empty(), 2)

    assert eventually(killed)
    assert check.event() == {"event": "d-1", "state": STOPPED}
    # If an earlier event was late, the last kill is not known yet.
    assert eventually(lambda: check.state() == STOPPED)


@both
def test_survives_the_broker(engine, live):
    before = live()
    running(before)
    before.die()
    after = live()
    assert after.done("list")["list"] == ["d-1"]
    assert after.state() == RUNNING
    assert after.done("display", "d-1", "vnc")["greeting"] == "RFB 003.008"


def test_a_display_that_is_a_link_is_not_followed(engine, live, tmp_path):
    """Whoever owns a container may put a link in place of the socket: to the neighbour's display."""
    check = live()
    running(check)
    for id in ("d-1", "d-2"):
        check.done("clone", id)
        check.done("start", id)
        assert check.done("display", id, "vnc")["greeting"] == "RFB 003.008"
    other = tmp_path / "state/desktops/d-2/display/vnc.sock"
    engine.inside("rm", "/run/oriel/vnc.sock")
    engine.inside("ln", "-s", str(other), "/run/oriel/vnc.sock")
    refusal = check("display", "d-1", "vnc")
    assert refusal["fault"] == "desktop" and "no socket" in refusal["message"]
    # Nor does what it leaves there keep the desktop from being made fresh.
    engine.inside("mkdir", "-p", "-m", "700", "/run/oriel/a/b")
    check.done("reset", "d-1")
    check.done("start", "d-1")
    assert check.done("display", "d-1", "vnc")["greeting"] == "RFB 003.008"


def test_what_is_wrong_is_said(engine, live, tmp_path):
    junk = tmp_path / "junk.tar"
    junk.write_bytes(b"not an archive")
    check = Check(tmp_path, {**engine.image, "disk": str(junk)}, "container", engine.uri)
    assert check("clone", "d-1")["fault"] == "config"
    check.end()
    for uri in ("", "tcp://127.0.0.1:1", "unix:///nowhere/api.sock"):
        assert live(uri=uri).opened["fault"] == "config"


@both
def test_through_the_gateway(oriel, engine, source, books):
    """A floating pool of containers: somebody comes, sees its picture, goes; it is made fresh."""
    archive = engine.image["disk"]
    oriel.ctl("image", "add", "boxed", "--disk", archive, "--memory", "256")
    oriel.ctl("pool", "add", "boxes", "--kind", "floating", "--image", "boxed", "--provider",
              "container", "--uri", engine.uri, "--max", "2")
    oriel.ctl("entitle", "boxes", "--user", "carla")
    try:
        with vnc(oriel, source, "carla/boxes") as viewer:
            viewer.want_raw()
            assert viewer.update().size == (1024, 768)
            (first,) = [row for row in oriel.rows("desktops") if row["pool"] == "boxes"]
            assert engine.inspect(first["id"])["State"]["Running"]
        assert first["identity"]
    finally:
        assert eventually(lambda: not procs.live_sessions(oriel))
        oriel.ctl("pool", "remove", "boxes")
        oriel.ctl("image", "remove", "boxed")
    assert engine.containers() == []
    assert eventually(lambda: not [
        row for row in oriel.rows("desktops") if row["pool"] == "boxes"])


@pytest.fixture
def fleet(oriel, podman, docker):
    """Two engines, of either kind, are two hosts of one pool with two spares."""
    oriel.ctl("image", "add", "boxed", "--disk", podman.image["disk"], "--memory", "256")
    oriel.ctl("pool", "add", "boxes", "--kind", "floating", "--image", "boxed", "--provider",
              "container", "--uri", podman.uri, "--max", "4")
    for name, uri in (("rack1", podman.uri), ("rack2", docker.uri)):
        oriel.ctl("host", "add", name, "--provider", "container", "--uri", uri)
    oriel.ctl("pool", "hosts", "boxes", "--hosts", "rack1,rack2")
    oriel.ctl("pool", "add", "boxes", "--kind", "floating", "--image", "boxed", "--provider",
              "container", "--uri", podman.uri, "--max", "4", "--spare", "2")
    oriel.ctl("entitle", "boxes", "--user", "carla")
    yield {"rack1": podman, "rack2": docker}
    assert eventually(lambda: not procs.live_sessions(oriel))
    oriel.ctl("pool", "remove", "boxes")
    oriel.ctl("host", "remove", "rack1")
    oriel.ctl("host", "remove", "rack2")
    oriel.ctl("image", "remove", "boxed")


def test_two_hosts(oriel, fleet, source, books):
    """One spare on each; whose host is drained moves over, who is in stays until he leaves."""
    def on():
        return {name: len(host.containers()) for name, host in fleet.items()}

    def promised():
        return {row["name"]: row["used_memory"] for row in oriel.rows("hosts")}

    assert eventually(lambda: on() == {"rack1": 1, "rack2": 1}, 120), oriel.ctl("desktops")
    assert eventually(lambda: promised() == {"rack1": 256, "rack2": 256}), promised()
    with vnc(oriel, source, "carla/boxes") as viewer:
        viewer.want_raw()
        assert viewer.update().size == (1024, 768)
        mine = next(row for row in oriel.rows("desktops") if row["owner"] == "carla")
        (host,) = [name for name in fleet if f"oriel-{mine['id']}" in fleet[name].containers()]
        (other,) = set(fleet) - {host}
        oriel.ctl("host", "drain", host)
        assert eventually(lambda: fleet[host].containers() == [f"oriel-{mine['id']}"], 120)
        assert eventually(lambda: on()[other] == 2, 120), oriel.ctl("hosts")
        assert viewer.update()
    assert eventually(lambda: on()[host] == 0, 120), oriel.ctl("desktops")
    assert eventually(lambda: promised() == {host: 0, other: 512}), promised()
    oriel.ctl("host", "resume", host)
