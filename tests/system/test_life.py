# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a session was not used, and what becomes of it then."""

import contextlib
import struct

import console
import procs
import rfb
import spice
from deployment import eventually

INPUTS, KEY_DOWN = 3, 101


def session_of(oriel, user):
    return next(row for row in procs.live_sessions(oriel) if row["user"] == user)


def vnc(oriel, source, user):
    viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source, 90)
    viewer.secure(oriel.ca, user, oriel.passwords[user.split("/")[0]])
    viewer.init()
    return viewer


def test_how_long_nobody_touched_it(oriel, source, books):
    """Updates are none of the person's doing; a key, a mouse and a SPICE keyboard are."""

    def idle(user):
        return session_of(oriel, user)["idle"]

    api = oriel.login("carla", source)
    dial = lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source)  # noqa: E731
    with contextlib.ExitStack() as stack:
        viewer = stack.enter_context(vnc(oriel, source, "ben"))
        spicy = spice.Session(dial, api.ticket("shared", "spice"))
        stack.callback(spicy.close)
        spicy.attach()
        keyboard = spicy.open(INPUTS)

        def both_idle():
            viewer.update()
            return idle("ben") >= 3 and idle("carla") >= 3

        assert eventually(both_idle, 20), oriel.ctl("sessions")
        viewer.pack("BBHH", 5, 0, 7, 7)
        assert eventually(lambda: idle("ben") < 3), oriel.ctl("sessions")
        assert idle("carla") >= 3
        keyboard.send(KEY_DOWN, struct.pack("<I", 0x1E))
        assert eventually(lambda: idle("carla") < 3), oriel.ctl("sessions")


def test_idle_suspends_and_a_click_wakes(oriel, source, reader, books):
    """The real thing: nobody moves, the session ends with words, QEMU stands still with all that was
    on the screen, and goes on with the next login."""
    rules = ["--idle", "suspend", "--idle-after", "4", "--warn", "2"]
    with vnc(oriel, source, "anna/own") as viewer:
        viewer.want_raw()
        console.wait_for(viewer, reader.prompts, 40)
        viewer.type("clear; echo still here > /tmp/kept; cat /tmp/kept\n")
        console.wait_for(viewer, lambda picture: "still here" in reader.lines(picture))
        session = session_of(oriel, "anna")
        oriel.ctl("pool", "plan", "own", *rules)
        warned = oriel.login("anna", source).sessions()[0]
        assert warned["ends_why"] == "idle" and 0 < warned["ends_in"] <= 4, warned

        def over():
            rows = {row["id"]: row for row in oriel.rows("sessions", "--all")}
            return rows[session["id"]]["state"] == "ended" and rows[session["id"]]["reason"]

        assert eventually(over, 20).startswith("not used for")
        assert viewer.closed()
    oriel.ctl("pool", "plan", "own", "--idle", "nothing", "--idle-after", "0")

    def state():
        rows = oriel.rows("desktops")
        return next(row["state"] for row in rows if row["id"] == session["desktop"])

    assert eventually(lambda: state() == "suspended"), oriel.ctl("desktops")
    with vnc(oriel, source, "anna/own") as viewer:
        viewer.want_raw()
        assert state() == "in-use"
        viewer.type("clear; cat /tmp/kept\n")
        console.wait_for(viewer, lambda picture: "still here" in reader.lines(picture))
