# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs last: after all those sessions, crashes and refusals, what does the system hold?"""

import procs
from deployment import eventually


def test_nothing_is_left(oriel):
    assert eventually(lambda: not procs.live_sessions(oriel), 20)
    assert not procs.auth_helpers(oriel)
    desktops = {row["id"]: row for row in oriel.rows("desktops")}
    for pid, line in oriel.desktops_running().items():
        assert [id for id in desktops if id in line], f"a QEMU that nobody knows: {line}"
    assert eventually(
        lambda: all(row["state"] in ("ready", "off") for row in oriel.rows("desktops")), 60
    ), oriel.ctl("desktops")


def test_no_daemon_said_that_it_has_a_bug(oriel):
    for name in oriel.daemons:
        lines = [
            line
            for line in oriel.log(name).splitlines()
            if "ended by signal 9; starting it again" not in line  # our own doing, test_stop
            if "fault=bug" in line or " error " in line[:60] or "Sanitizer" in line
            or "Assertion" in line
        ]
        # test_stop.py kills one worker.
        lines = [line for line in lines if "ended by signal 9; starting it again" not in line]
        assert not lines, lines
