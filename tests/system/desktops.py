# SPDX-License-Identifier: GPL-3.0-or-later
"""A viewer at a desktop with user and password, byte by byte, and which desktop it is."""

import console
import procs
import rfb


def vnc(oriel, source, user):
    viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source, 90)
    viewer.secure(oriel.ca, user, oriel.passwords[user.split("/")[0]])
    viewer.init()
    return viewer


def at_prompt(viewer, reader):
    """A desktop is ready as soon as its display is; its system may still be booting."""
    viewer.want_raw()
    console.wait_for(viewer, reader.prompts, 120)


def identity(oriel, session_user):
    """The desktop of that user's live session: its id and which overlay it runs on."""
    session = next(row for row in procs.live_sessions(oriel) if row["user"] == session_user)
    desktop = next(row for row in oriel.rows("desktops") if row["id"] == session["desktop"])
    return desktop["id"], desktop["identity"]
