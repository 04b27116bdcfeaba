# SPDX-License-Identifier: GPL-3.0-or-later
"""Images and their versions, on real QEMUs: a pool goes over to another one and back."""

import signal

import pytest
from deployment import eventually


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
    assert not list(oriel.path("broker/images").iterdir())


def test_a_pool_goes_over_to_a_copy(oriel, rolling, books):
    """The new one is ready before the old one goes, also across a broker's sudden death."""
    assert eventually(lambda: rolled(oriel, 1), 90), oriel.ctl("desktops")
    oriel.ctl("image", "add", "golden", *rolling, "--copy")
    oriel.ctl("pool", "publish", "rolling")
    assert pool(oriel)["version"] == 2 and pool(oriel)["previous_version"] == 1
    oriel.signal("broker", signal.SIGKILL)
    oriel.start_broker()

    def both():
        rows = [row for row in oriel.rows("desktops") if row["pool"] == "rolling"]
        assert any(row["state"] == "ready" for row in rows), rows
        return rolled(oriel, 2)

    assert eventually(both, 90), oriel.ctl("desktops")
    running = [line for line in oriel.desktops_running().values() if "/broker/images/v-" in line]
    assert len(running) == 1
    assert pool(oriel)["stale"] == 0
