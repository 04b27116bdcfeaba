# SPDX-License-Identifier: GPL-3.0-or-later
"""People at a native viewer before they have a desktop, and after: the lobbies of a deployment, what
they show, and what is typed into them."""

import contextlib
import os
import pathlib
import re
import signal

import deployment
import procs
from deployment import eventually
from stacks import OATH_KEY, build_pam_expired
from windows import VIEWER, at_prompt, types

PAGE, CARD, ROW = (247, 246, 243), (255, 255, 255), (239, 237, 232)
ACCENT, ERROR_BACK = (12, 92, 88), (251, 231, 228)
ACCENT_BELOW_MOUSE = (8, 67, 63)


def ask_for_codes(system):
    """Otto's password is not enough: a one-time code of pam_oath is."""
    pam = system.path("pam.d")
    pam.joinpath("coded").write_text("otto\n")
    pam.joinpath("codes").write_text(f"HOTP otto - {OATH_KEY.hex()}\n")
    pam.joinpath("codes").chmod(0o600)
    stack = pam.joinpath("oriel").read_text().splitlines()
    at = next(n for n, line in enumerate(stack) if line.startswith("account"))
    stack[at:at] = [
        f"auth [success=ignore default=1] pam_listfile.so item=user sense=allow file={pam}/coded",
        f"auth required pam_oath.so usersfile={pam}/codes window=20 digits=6",
    ]
    stack = [line.replace("required", "requisite") for line in stack]
    pam.joinpath("oriel").write_text("\n".join(stack) + "\n")


def let_passwords_expire(system):
    """The password of who has a file in pam.d/expired is over."""
    pam = system.path("pam.d")
    pam.joinpath("expired").mkdir()
    build_pam_expired(pam / "pam_expired.so")
    stack = [line for line in pam.joinpath("oriel").read_text().splitlines() if not line.startswith("password")]
    stack += [f"{kind} required {pam}/pam_expired.so dir={pam}/expired" for kind in ("account", "password")]
    pam.joinpath("oriel").write_text("\n".join(stack) + "\n")


@contextlib.contextmanager
def open_to_anybody(name, **passwords):
    """A deployment of that name. Otto has one desktop, carla a good and a bad one, anna two good ones;
    anybody may come to the lobby, and SPICE viewers ask for no name themselves. passwords: of further
    people, who have no desktop."""
    lobby = {"vnc_lobby": "yes", "spice_lobby": "yes", "spice_sasl": "no"}
    with deployment.Deployment(name, gateway=lobby, lobby=True) as system:
        system.passwords = {who: f"{who}-secret" for who in ("anna", "carla", "otto")} | passwords
        system.prepare()
        ask_for_codes(system)
        let_passwords_expire(system)
        system.start_authd()
        system.start_broker()
        system.start_gateway()
        system.add_image()
        system.ctl("pool", "add", "shared", "--kind", "floating", "--image", "tiny", "--max", "2",
                   "--spare", "1")
        system.ctl("pool", "add", "own", "--kind", "dedicated", "--image", "tiny", "--max", "2")
        # Its QEMU dies of what is no kernel.
        system.ctl("image", "add", "bad", "--kernel", system.path("oriel.conf"), "--memory", "64")
        system.ctl("pool", "add", "bad", "--kind", "dedicated", "--image", "bad", "--max", "1")
        for person in ("anna", "carla", "otto"):
            system.ctl("entitle", "shared", "--user", person)
        system.ctl("entitle", "own", "--user", "anna")
        system.ctl("entitle", "bad", "--user", "carla")
        yield system


def pids(oriel):
    """The process ids of those that live."""
    found = deployment.processes_of(oriel.broker_uid)
    return [pid for pid, line in found.items() if "oriel-lobby" in line]


def resident(pid):
    """KiB that are its share alone."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1])


@contextlib.contextmanager
def told(oriel, pattern, n=1, seconds=90):
    """What is done inside makes the broker log that, n times."""
    before = len(oriel.log("broker"))
    yield

    def seen():
        return len(re.findall(pattern, oriel.log("broker")[before:])) >= n

    assert eventually(seen, seconds), oriel.tail("broker")


def live(oriel, user, pool):
    """The person's one session there, once it is live."""

    def found():
        rows = [row for row in procs.live_sessions(oriel) if row["user"] == user]
        return rows if [(r["pool"], r["state"]) for r in rows] == [(pool, "live")] else None

    rows = eventually(found)
    assert rows, procs.live_sessions(oriel)
    return rows[0]


def share(image, colour):
    """Which part of the picture has this colour."""
    count = sum(n for n, pixel in image.getcolors(1 << 24) if pixel == colour)
    return count / (image.width * image.height)


def still(display, shows=lambda picture: True):
    """Waits until the picture is one that is waited for, and has come to rest; that picture."""
    last, since = None, 0

    def same():
        nonlocal last, since
        now = display.screenshot()
        since = since + 1 if now == last and shows(now) else 0
        last = now
        return since >= 2

    assert eventually(same, 90, 0.05), "no such picture"
    return last


def asks(display, before=None):
    """Waits until the lobby hears what is typed: while it waits for the broker, its button is grey. before: the
    picture from before that, with which a viewer may be late."""

    def hears(picture):
        return picture != before and share(picture, ACCENT) + share(picture, ACCENT_BELOW_MOUSE) > 0.01

    still(display, hears)


def enters(display, word):
    """Into the field that waits for it, and Return. The picture before that."""
    empty = display.screenshot()
    display.type(word)
    typed = still(display, lambda picture: picture != empty)
    display.key("Return")
    return typed


def chooses(display):
    """Waits for the list of desktops: no other page is as wide."""
    still(display, lambda picture: share(picture, PAGE) > 0.5 and share(picture, CARD) > 0.2)


def tiger(oriel, display, log, *more, env=None):
    return display.run(
        [*VIEWER, *more, f"-X509CA={oriel.ca}", f"{oriel.host}::{oriel.vnc_port}"], log, env or {}
    )


def types_there(display, reader, word):
    assert at_prompt(display, reader), "no picture with a prompt came"
    assert types(display, reader, word), "the word is not on the screen"


def titled(display, name):
    """The window says where its person is. What people call a desktop, not what a hypervisor does."""
    def title():
        return display.ask("getactivewindow", "getwindowname").strip()

    assert eventually(lambda: re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", title())), title()


def works_on_two(oriel, reader, display):
    """From the chooser to a desktop, which dies under its person, and on to the other: the one used
    last is the first in the list."""

    def one():
        rows = [row for row in procs.live_sessions(oriel) if row["user"] == "anna"]
        return rows if [row["state"] for row in rows] == ["live"] else None

    chooses(display)
    titled(display, "Oriel")
    display.key("Return")
    types_there(display, reader, "first")
    (first,) = eventually(one)
    titled(display, first["desktop_name"])
    with told(oriel, "opened for anna"):
        pids = [p for p, line in oriel.desktops_running().items() if first["desktop"] in line]
        os.kill(pids[0], signal.SIGKILL)
    chooses(display)
    titled(display, "Oriel")
    display.key("Down", "Return")
    types_there(display, reader, "second")
    titled(display, live(oriel, "anna", {"own": "shared", "shared": "own"}[first["pool"]])["desktop_name"])
