# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a session was not used, and what becomes of it then."""

import contextlib
import struct
import subprocess

import console
import procs
import rfb
import spice
from deployment import eventually


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
        keyboard = spicy.open(spice.INPUTS)

        def both_idle():
            viewer.update()
            return idle("ben") >= 3 and idle("carla") >= 3

        assert eventually(both_idle), oriel.ctl("sessions")
        viewer.pack("BBHH", 5, 0, 7, 7)
        assert eventually(lambda: idle("ben") < 3), oriel.ctl("sessions")
        assert idle("carla") >= 3
        keyboard.send(spice.KEY_DOWN, struct.pack("<I", 0x1E))
        assert eventually(lambda: idle("carla") < 3), oriel.ctl("sessions")


def test_idle_suspends_and_a_click_wakes(oriel, source, reader, books):
    """The real thing: nobody moves, the session ends with words, QEMU stands still with all that was
    on the screen, and goes on with the next login."""
    rules = ["--idle", "suspend", "--idle-after", "8", "--warn", "7"]
    api = oriel.login("anna", source)
    with contextlib.ExitStack() as stack:
        viewer = stack.enter_context(vnc(oriel, source, "anna/own"))
        viewer.want_raw()
        console.wait_for(viewer, reader.prompts, 120)
        console.does(viewer, reader, "clear; echo still here > /tmp/kept; cat /tmp/kept", "still here")
        session = session_of(oriel, "anna")
        stack.callback(oriel.ctl, "pool", "plan", "own", "--idle", "nothing", "--idle-after", "0")
        viewer.pack("BBHH", 5, 0, 7, 7)
        oriel.ctl("pool", "plan", "own", *rules)

        def warned():
            (row,) = api.sessions()
            return row["ends_why"] == "idle" and 0 < row["ends_in"] <= 7

        assert eventually(warned), api.sessions()

        def over():
            rows = {row["id"]: row for row in oriel.rows("sessions", "--all")}
            return rows[session["id"]]["state"] == "ended" and rows[session["id"]]["reason"]

        assert (eventually(over) or "it goes on").startswith("not used for")
        assert viewer.closed()

    def state():
        rows = oriel.rows("desktops")
        return next(row["state"] for row in rows if row["id"] == session["desktop"])

    assert eventually(lambda: state() == "suspended"), oriel.ctl("desktops")
    with vnc(oriel, source, "anna/own") as viewer:
        viewer.want_raw()
        assert state() == "in-use"
        console.does(viewer, reader, "clear; cat /tmp/kept", "still here")


def test_snapshots_of_a_real_disk(oriel, source, books):
    """Taken while QEMU runs and while it does not; gone back to; as many as the pool allows."""
    disk = oriel.path("guest/blank.qcow2")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "1M"], check=True)
    oriel.ctl("image", "add", "blank", "--disk", disk, "--memory", "16")
    oriel.ctl("pool", "add", "desk", "--kind", "dedicated", "--image", "blank", "--max", "1")
    oriel.ctl("pool", "plan", "desk", "--snapshots", "2")
    oriel.ctl("entitle", "desk", "--user", "ben")
    api = oriel.login("ben", source)
    try:
        id = api.connect("desk", "web")["desktop"]["id"]
        overlay = oriel.file_of(id, "overlay.qcow2")
        path = f"/api/v1/desktops/{id}/snapshots"

        def io(command):
            done = subprocess.run(["qemu-io", "-f", "qcow2", "-c", command, overlay], text=True,
                                  capture_output=True, check=True)
            return done.stdout

        running = api.post(path, {"name": "while it runs"})["id"]
        oriel.ctl("desktop", "stop", id)
        io("write -P 0xaa 0 64k")
        stopped = api.post(path, {"name": "while it does not"})["id"]
        refused = api.request("POST", path, {"name": "one too many"})
        assert refused.status == 409 and "2 snapshots" in refused.json["error"]["message"]
        io("write -P 0xbb 0 64k")
        api.post(f"{path}/{stopped}/revert")
        assert "Pattern verification failed" not in io("read -P 0xaa 0 64k")
        api.post(f"{path}/{running}/revert")
        assert "Pattern verification failed" not in io("read -P 0 0 64k")
        assert api.request("DELETE", f"{path}/{stopped}").status == 204
        assert [row["name"] for row in api.get(path)] == ["while it runs"]
        listed = subprocess.run(["qemu-img", "snapshot", "-l", overlay], capture_output=True,
                                text=True, check=True).stdout
        assert running in listed and stopped not in listed
    finally:
        oriel.ctl("pool", "remove", "desk")
        oriel.ctl("image", "remove", "blank")
