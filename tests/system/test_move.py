# SPDX-License-Identifier: GPL-3.0-or-later
"""One viewer, one connection, several desktops one after the other: an admin moves the session."""

import pytest

import console
from deployment import eventually
from desktops import vnc
from moves import move, session, types_and_sees
from windows import VIEWER, keep


def goes_there_and_back(oriel, display, reader, request, viewer):
    try:
        for turn, pool in enumerate(["own", "shared", "own"]):
            if turn > 0:
                move(oriel, "anna", pool)
            types_and_sees(oriel, display, reader, pool)
            assert viewer.poll() is None
    finally:
        keep(request, display.screenshot())


@pytest.mark.parametrize("encoding", ["Tight", "ZRLE", "Hextile", "Raw"])
def test_tigervnc_sees_both(oriel, books, reader, display, log, request, encoding):
    """There and back and there: every zlib stream goes on twice, in the strictest viewer."""
    viewer = display.run(
        [*VIEWER, "-AutoSelect=0", f"-PreferredEncoding={encoding}"]
        + [f"-X509CA={oriel.ca}", f"{oriel.host}::{oriel.vnc_port}"],
        log,
        {"VNC_USERNAME": "anna/own", "VNC_PASSWORD": oriel.passwords["anna"]},
    )
    goes_there_and_back(oriel, display, reader, request, viewer)


def test_remote_viewer_sees_both(oriel, books, reader, display, log, request, tmp_path, source):
    """There and back: the channels that it has go on, one after the other, in the same window."""
    text, _ = oriel.login("anna", source).console("own")
    file = tmp_path / "console.vv"
    file.write_text(text.replace("fullscreen=0", "fullscreen=1"))
    viewer = display.run(["dbus-run-session", "remote-viewer", "--full-screen", file], log)
    goes_there_and_back(oriel, display, reader, request, viewer)


def test_a_held_key_does_not_stick(oriel, source, reader, books):
    """The old desktop hears that the key has gone up; on the new one nobody has pressed it."""
    with vnc(oriel, source, "anna/own") as viewer:
        viewer.want_raw()
        console.wait_for(viewer, reader.prompts, 120)
        viewer.key(0xFFE1, True)
        move(oriel, "anna", "shared")
        console.wait_for(viewer, reader.prompts, 120)
        console.does(viewer, reader, "clear; echo small", "small")
        move(oriel, "anna", "own")
        console.does(viewer, reader, "clear; echo low", "low")


def refused(oriel, *words):
    with pytest.raises(AssertionError) as refusal:
        oriel.ctl("session", "move", *words)
    return str(refusal.value)


def test_who_cannot_be_moved(oriel, source, books):
    refused(oriel, "s-0000000000000000", "own")
    with vnc(oriel, source, "anna/own") as viewer:
        viewer.screen()
        mine = session(oriel, "anna")
        for pool in ("own", "nowhere"):
            refused(oriel, mine["id"], pool)
        assert session(oriel, "anna")["id"] == mine["id"]
        viewer.screen()


def test_the_books_know_both(oriel, source, books):
    with vnc(oriel, source, "anna/own") as viewer:
        viewer.screen()
        old = session(oriel, "anna")
        new = move(oriel, "anna", "shared")
        viewer.screen()
    rows = {row["id"]: row for row in oriel.rows("sessions", "--all")}
    assert rows[old["id"]]["reason"] == "moved to another desktop"
    assert eventually(lambda: {r["id"]: r for r in oriel.rows("sessions", "--all")}[
        new["id"]]["state"] == "ended")
    rows = {row["id"]: row for row in oriel.rows("sessions", "--all")}
    assert rows[old["id"]]["bytes_out"] > 0 and rows[new["id"]]["bytes_out"] > 0
