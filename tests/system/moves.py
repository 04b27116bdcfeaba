# SPDX-License-Identifier: GPL-3.0-or-later
"""A session that an admin moves from one desktop to another."""

import procs
from deployment import eventually
from windows import sees, types


def session(oriel, user):
    rows = [row for row in procs.live_sessions(oriel) if row["user"] == user]
    assert len(rows) == 1, rows
    return rows[0]


def move(oriel, user, pool):
    """Moves and waits until the books say so; the session's new row."""
    old = session(oriel, user)
    oriel.ctl("session", "move", old["id"], pool)

    def moved():
        rows = [row for row in procs.live_sessions(oriel) if row["user"] == user]
        return len(rows) == 1 and rows[0]["pool"] == pool and rows[0]["state"] == "live"

    assert eventually(moved), (procs.live_sessions(oriel), oriel.tail("gateway"))
    new = session(oriel, user)
    assert new["id"] != old["id"] and new["desktop"] != old["desktop"]
    return new


def types_and_sees(oriel, display, reader, pool):
    """Once it is that pool's desktop that waits for a command: its name is in the prompt."""
    def asks():
        picture = display.screenshot()
        written = [line for line in reader.lines(picture) if line.strip("? ")]
        return reader.prompts(picture) and written[-1].startswith(f"{pool}-")

    assert eventually(asks, 120, 0.3), "no picture with a prompt came"
    word = session(oriel, "anna")["id"].replace("-", "")
    assert not sees(display, reader, word, 0)
    assert types(display, reader, word), "the word is not on the screen"
