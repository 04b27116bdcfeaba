# SPDX-License-Identifier: GPL-3.0-or-later
"""Images and their versions, on real QEMUs: a pool goes over to another one, and desktops are copies
of a booted one."""

import pathlib
import signal
import time

import console
import procs
import pytest
from deployment import eventually
from desktops import at_prompt, identity, vnc


def rolled(oriel, version):
    """The pool's desktops, once all of them rest on this version and one is ready."""
    rows = [row for row in oriel.rows("desktops") if row["pool"] == "rolling"]
    done = all(row["version"] == version and row["state"] in ("ready", "off") for row in rows)
    return rows if done and any(row["state"] == "ready" for row in rows) else None


def pool(oriel):
    return next(row for row in oriel.rows("pools") if row["name"] == "rolling")


@pytest.fixture
def rolling(oriel):
    image = oriel.image_arguments()
    oriel.ctl("image", "add", "golden", *image)
    oriel.ctl("pool", "add", "rolling", "--kind", "floating", "--image", "golden", "--max", "2",
              "--spare", "1")
    yield image
    assert eventually(lambda: oriel._ctl("pool", "remove", "rolling").returncode == 0, 60, 1)
    oriel.ctl("image", "remove", "golden")
    assert eventually(lambda: not list(oriel.path("broker/images").iterdir()))


def test_a_pool_goes_over_to_a_copy(oriel, rolling, books):
    """The new one is ready before the old one goes, also across a broker's sudden death."""
    assert eventually(lambda: rolled(oriel, 1), 180), oriel.ctl("desktops")
    oriel.ctl("image", "add", "golden", *rolling, "--copy")
    oriel.ctl("pool", "publish", "rolling")
    assert pool(oriel)["version"] == 2 and pool(oriel)["previous_version"] == 1
    oriel.signal("broker", signal.SIGKILL)
    oriel.start_broker()

    def both():
        rows = [row for row in oriel.rows("desktops") if row["pool"] == "rolling"]
        assert any(row["state"] == "ready" for row in rows), rows
        return rolled(oriel, 2)

    assert eventually(both, 180), oriel.ctl("desktops")
    running = [line for line in oriel.desktops_running().values() if "/broker/images/v-" in line]
    assert len(running) == 1
    assert pool(oriel)["stale"] == 0


# ---- instant clones


def templates(oriel):
    return list(oriel.path("broker/qemu/templates").glob("t-*"))


def whole(oriel):
    return [path for path in templates(oriel) if (path / "ready").exists()]


def booting(oriel):
    """The QEMUs of templates that are being made."""
    return [pid for pid, line in oriel.desktops_running().items() if "guest=oriel-t-" in line]


@pytest.fixture
def instant(oriel):
    oriel.ctl("pool", "add", "instant", "--kind", "floating", "--image", "tiny", "--max", "3",
              "--instant")
    for person in ("anna", "ben", "carla"):
        oriel.ctl("entitle", "instant", "--user", person)
    yield
    assert eventually(lambda: not procs.live_sessions(oriel))
    assert eventually(lambda: oriel._ctl("pool", "remove", "instant").returncode == 0, 60, 1)
    # Nobody wants the template any more, and its memory goes.
    oriel.signal("broker", signal.SIGTERM)
    oriel.start_broker()
    assert eventually(lambda: not templates(oriel))


def who_it_is(viewer, reader):
    """Host name, machine id, what its kernel makes of chance, and its clock, off its screen."""
    at_prompt(viewer, reader)
    picture = console.does(viewer, reader, "clear; hostname; cat /etc/machine-id /proc/sys/kernel/random/uuid; "
                           "date +%s; echo ok", "ok")
    lines = reader.lines(picture)
    end = lines.index("ok")
    return lines[end - 4:end]


def of_a_clone(oriel, source, reader, person):
    """What nobody else's may have, of the clone that this person gets: its names and its chance."""
    with vnc(oriel, source, f"{person}/instant") as viewer:
        host, machine, chance, clock = who_it_is(viewer, reader)
        desktop, overlay = identity(oriel, person)
        row = next(row for row in oriel.rows("desktops") if row["id"] == desktop)
        assert host == row["name"] and machine == overlay.replace("-", "")
        assert abs(int(clock) - time.time()) < 120
        pid = next(pid for pid, line in oriel.desktops_running().items() if desktop in line)
        assert "share=off" in oriel.desktops_running()[pid]
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status
        return host, machine, chance


def test_clones_of_a_booted_desktop(oriel, source, reader, instant, books):
    """They are there at once and are not each other. Before there is what they are copies of, a
    desktop boots; a broker that is killed while it makes that begins again."""
    assert eventually(lambda: booting(oriel))
    oriel.login("anna", source).ticket("instant", "vnc")
    assert eventually(lambda: "no instant clone, it boots" in oriel.log("broker"))
    oriel.signal("broker", signal.SIGKILL)
    (half,) = templates(oriel)
    (orphan,) = booting(oriel)
    assert not (half / "ready").exists()
    oriel.start_broker()
    assert eventually(lambda: whole(oriel), 180), oriel.tail("broker")
    assert orphan not in oriel.desktops_running() and not booting(oriel)
    assert oriel.healthy()

    # What booted for anna is hers, also where she has waited for longer than a ticket lives.
    with vnc(oriel, source, "anna/instant"):
        bens, carlas = (of_a_clone(oriel, source, reader, person) for person in ("ben", "carla"))
    assert all(mine != its for mine, its in zip(bens, carlas))
