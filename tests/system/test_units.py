# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd units: right by systemd's own judgement, and as tight as the documents say."""

import re
import subprocess

import pytest

from deployment import BUILD, SOURCE

UNITS = BUILD / "config/systemd"
ROWS = {
    "gateway worker": "oriel-gateway.service",
    "broker": "oriel-broker.service",
    "tunnel": "oriel-tunnel.service",
    "oriel-auth": "oriel-auth@.service",
    "oriel-nic": "oriel-nic@.service",
}


def documented(process):
    """The exposure in docs/threat-model.md's table of sandboxes."""
    text = (SOURCE / "docs/threat-model.md").read_text()
    row = re.search(rf"^\| {process} \|.*\| ([\d.]+) \|$", text, re.M)
    return float(row[1])


def analyze(*words):
    command = ["systemd-analyze", "--no-pager", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("process", ROWS)
def test_exposure(process):
    limit = documented(process)
    code, said = analyze("security", "--offline=true", f"--threshold={round(limit * 10)}",
                         str(UNITS / ROWS[process]))
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert code == 0 and float(exposure[1]) == limit, said


@pytest.mark.parametrize("unit", ROWS.values())
def test_systemd_understands_it(unit):
    """No unknown directive and no value it ignores; programs that are not installed do not count."""
    _, said = analyze("verify", "--man=no", "--recursive-errors=no", str(UNITS / unit))
    ours = [line for line in said.splitlines() if unit.split("@")[0].split(".")[0] in line]
    assert [line for line in ours if "is not executable" not in line] == []
