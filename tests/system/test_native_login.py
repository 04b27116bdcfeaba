# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in, choosing and coming back in a stock VNC viewer's own window, and the warning of a
session's end in that of both kinds: real PAM, real lobbies. What a lobby draws is tests/unit's; here
counts what comes of what is typed into it."""

import os
import signal
import threading
import time

import pytest

import console
import lobbies
import procs
import rfb
from deployment import eventually
from lobbies import asks, chooses, enters, live, resident, tiger, told, types_there, works_on_two
from sandboxes import OPEN_BUILD, confined, shut_in
from stacks import OATH_KEY, hotp
from windows import at_prompt, keep, sees

TAB = 0xFF09
MANY = 50


@pytest.fixture(scope="module")
def oriel():
    with lobbies.open_to_anybody("native", **{f"many{n}": f"secret{n}" for n in range(MANY)}) as system:
        yield system


@pytest.fixture(scope="module")
def reader(oriel):
    return console.Reader.taught_by(oriel.spare_display())


def test_tigervnc_signs_in_with_a_code(oriel, no_lobby, reader, display, log, request):
    """Wrong three times, right, a wrong code, the right one; one desktop is no choice. When it has
    been taken away, the person chooses it again: all in one connection."""
    with told(oriel, "opened for somebody"):
        viewer = tiger(oriel, display, log, "-SecurityTypes=X509None")
    try:
        asks(display)
        for n in range(3):
            with told(oriel, "the login was refused"):
                if n == 0:
                    display.type("otto")
                    display.key("Tab")
                typed = enters(display, "wrong")
            asks(display, typed)
        for code, said in ((hotp(OATH_KEY, 500), "the login was refused"), (hotp(OATH_KEY, 0), "signed in")):
            with told(oriel, "PAM has more to say"):
                typed = enters(display, "otto-secret")
            asks(display, typed)
            with told(oriel, said):
                typed = enters(display, code)
            if said == "the login was refused":
                asks(display, typed)
        types_there(display, reader, "coded")
        session = live(oriel, "otto", "shared")
        with told(oriel, "opened for otto"):
            oriel.ctl("session", "end", session["id"])
        chooses(display)
        display.key("Return")
        assert live(oriel, "otto", "shared")["id"] != session["id"]
        assert at_prompt(display, reader)
        assert viewer.poll() is None
    finally:
        keep(request, display.screenshot())
    refused = [row for row in oriel.rows("audit", "--limit", "100") if row["user"] == "otto"]
    assert [row["event"] for row in refused].count("login-refused") == 4, refused


def test_tigervnc_gives_a_new_password(oriel, no_lobby, display, log, request):
    """All that PAM says and asks on the way, round after round."""
    expired = oriel.path("pam.d/expired/carla")
    expired.touch()
    with told(oriel, "opened for somebody"):
        tiger(oriel, display, log, "-SecurityTypes=X509None")
    try:
        asks(display)
        typed = enters(display, "carla")
        for typed, said in (("carla-secret", "PAM has more to say"), ("new-secret", "PAM has more to say"),
                            ("new-secret", "signed in")):
            asks(display, typed)
            with told(oriel, said):
                typed = enters(display, typed)
        chooses(display)
        assert not expired.exists()
    finally:
        keep(request, display.screenshot())


def test_tigervnc_chooses_two_desktops(oriel, no_lobby, reader, display, log, request):
    """A name and a password go straight to the choice; a desktop that dies under its person leads
    back to it."""
    with told(oriel, "opened for anna"):
        viewer = tiger(oriel, display, log,
                       env={"VNC_USERNAME": "anna", "VNC_PASSWORD": "anna-secret"})
    try:
        works_on_two(oriel, reader, display)
        assert viewer.poll() is None
    finally:
        keep(request, display.screenshot())


def test_a_desktop_dies_during_its_start(oriel, no_lobby, reader, display, log, request):
    with told(oriel, "opened for carla"):
        viewer = tiger(oriel, display, log,
                       env={"VNC_USERNAME": "carla", "VNC_PASSWORD": "carla-secret"})
    try:
        chooses(display)
        with told(oriel, r"fault=desktop|could not load kernel|step=lobby.*(QEMU|qemu)"):
            display.key("Return")
        chooses(display)
        display.key("Down", "Return")
        assert at_prompt(display, reader)
        assert viewer.poll() is None
    finally:
        keep(request, display.screenshot())


# ---- a session that ends soon


def by_vnc(oriel, display, log, home, source):
    return tiger(oriel, display, log,
                 env={"VNC_USERNAME": "anna/own", "VNC_PASSWORD": "anna-secret"})


def by_spice(oriel, display, log, home, source):
    text, _ = oriel.login("anna", source).console("own")
    file = home / "console.vv"
    file.write_text(text.replace("fullscreen=0", "fullscreen=1"))
    return display.run(["dbus-run-session", "remote-viewer", "--full-screen", file], log)


def warns(display):
    """The red line below the lobby's upper edge."""
    red, _, blue = display.screenshot().getpixel((900, 88))
    return red > 200 and red - blue > 10


@pytest.mark.parametrize("come, key, longer, number",
                         [(by_vnc, "Return", True, signal.SIGTERM), (by_spice, "Escape", False, signal.SIGKILL)])
def test_warned_of_the_end(oriel, no_lobby, reader, display, log, request, tmp_path, source,
                           come, key, longer, number):
    """From the desktop to the warning and back, in the same window and session: extended, or as it was.
    Warned once more, the session outlives the broker that stops, or is killed, before its person has answered."""
    viewer = come(oriel, display, log, tmp_path, source)
    try:
        types_there(display, reader, "before")
        session = live(oriel, "anna", "own")
        with told(oriel, "step=lobby.* opened for"):
            oriel.ctl("pool", "plan", "own", "--length", "600", "--warn", "600", "--extend", "300")
        assert eventually(lambda: warns(display))
        keep(request, display.screenshot())
        assert [row["id"] for row in procs.live_sessions(oriel)] == [session["id"]]

        def back():
            if warns(display):
                display.key(key)
            return sees(display, reader, "before", 1)

        assert eventually(back, 120)
        types_there(display, reader, "after")
        assert live(oriel, "anna", "own")["id"] == session["id"]
        (mine,) = oriel.login("anna", source).sessions()
        assert (mine["ends_in"] > 600) == longer, mine

        oriel.ctl("pool", "plan", "own", "--length", "700", "--warn", "2000")
        assert eventually(lambda: warns(display), 30)
        seen = len(oriel.log("gateway"))
        oriel.signal("broker", number)
        if number == signal.SIGTERM:  # it has brought its person back itself
            types_there(display, reader, "alone")
        oriel.start_broker()
        assert oriel.healthy()
        said = "goes back to its desktop" if number == signal.SIGKILL else "moves to own"
        assert eventually(lambda: said in oriel.log("gateway")[seen:]), oriel.tail("gateway")
        assert live(oriel, "anna", "own")["id"] == session["id"]
        assert sees(display, reader, "alone" if number == signal.SIGTERM else "after")
        types_there(display, reader, "last")
        assert live(oriel, "anna", "own")["id"] == session["id"]
        assert viewer.poll() is None
    finally:
        oriel.ctl("pool", "plan", "own", "--length", "0", "--warn", "60")


# ---- byte by byte


def stranger(oriel, source=None):
    viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source)
    viewer.nobody(oriel.ca)
    viewer.init()
    viewer.want_raw()
    return viewer


def test_killed_lobbies(oriel, no_lobby, source):
    """The first is replaced in the same connection, as often as there is one to blame for: once."""
    with stranger(oriel, source) as viewer:
        viewer.update()
        (first,) = lobbies.pids(oriel)
        with told(oriel, "opened for somebody"):
            os.kill(first, signal.SIGKILL)
        viewer.update()
        (second,) = lobbies.pids(oriel)
        assert second != first
        os.kill(second, signal.SIGKILL)
        assert viewer.closed()


def test_a_lobby_has_next_to_nothing(oriel, no_lobby, source):
    """No right that it could use, and nothing of its broker's open: what the kernel says."""
    with stranger(oriel, source) as viewer:
        viewer.update()
        (pid,) = lobbies.pids(oriel)
        assert eventually(lambda: shut_in(pid)) or OPEN_BUILD in oriel.log("broker")
        assert confined(pid) or OPEN_BUILD in oriel.log("broker")
        kinds = procs.descriptors(pid)
        assert kinds["socket"] == 2, kinds  # the broker and the client
        assert sum(kinds.values()) < 16, kinds


def test_who_brings_no_name(oriel, no_lobby, source):
    """Both are offered, the password first; who leaves its fields empty is asked in the lobby."""
    with rfb.Rfb.dial(oriel.host, oriel.vnc_port, source) as viewer:
        viewer.versions()
        viewer.security_types()
        assert viewer.vencrypt() == [rfb.X509_PLAIN, rfb.X509_NONE]
        viewer.choose()
        viewer.start_tls(oriel.ca)
        with told(oriel, "opened for somebody"):
            viewer.plain("", "")
        viewer.security_result()
        viewer.init()
        assert len(viewer.screen().getcolors(1 << 20)) > 10


@pytest.fixture
def without_tls(oriel):
    """Viewers that know no TLS may come, with the password in this file."""
    file, password = oriel.path("oriel.conf"), oriel.path("vnc-password")
    before = file.read_text()
    password.write_text("for all\n")
    password.chmod(0o644)
    for text in (before.replace("[gateway]", f"[gateway]\nvnc_password = {password}"), before):
        file.write_text(text)
        oriel.signal("gateway", signal.SIGTERM)
        oriel.start_gateway()
        if text != before:
            yield


@pytest.mark.usefixtures("without_tls")
def test_tigervnc_without_tls(oriel, no_lobby, reader, display, log):
    """Security type 2, and nothing else: one of its own password, to the sign-in, and to the desktop."""
    with told(oriel, "opened for somebody"):
        display.run(["xtigervncviewer", "-FullScreen=1", "-RemoteResize=0", "-Log=*:stderr:30",
                     "-AlertOnFatalError=0", "-ReconnectOnError=0", "-SecurityTypes=VncAuth",
                     f"{oriel.host}::{oriel.vnc_port}"], log, {"VNC_PASSWORD": "for all"})
    asks(display)
    display.type("carla\n")
    with told(oriel, "signed in"):
        display.type("carla-secret\n")
    chooses(display)


def test_many_at_once(oriel, no_lobby):
    """Fifty people come at once; each gets a picture, signs in and sees the choice."""
    first, failed, done = [], [], threading.Barrier(MANY + 1, timeout=300)

    def person(n):
        try:
            begin = time.monotonic()
            with stranger(oriel, f"127.0.9.{n % 5 + 2}") as viewer:
                viewer.update()
                first.append(time.monotonic() - begin)
                viewer.type(f"many{n}")
                viewer.key(TAB, True)
                viewer.type(f"secret{n}\n")
                done.wait()
        except Exception as error:
            failed.append(error)
            done.abort()

    people = [threading.Thread(target=person, args=(n,)) for n in range(MANY)]
    try:
        with told(oriel, "signed in", MANY, 240):
            for one in people:
                one.start()
        assert len(lobbies.pids(oriel)) == MANY
        sizes = [resident(pid) for pid in lobbies.pids(oriel)]
        print(f"first picture: {sorted(first)[MANY // 2]:.2f} s (median), {max(first):.2f} s; "
              f"memory: {max(sizes) / 1024:.1f} MiB at most of {sum(sizes) / 1024:.0f} MiB")
        done.wait()
    except BaseException:
        why = list(failed)
        done.abort()  # nobody stays
        assert not why, why
        raise
    finally:
        for one in people:
            one.join()
    assert not failed, failed

