# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in, choosing and coming back in the viewer's own window: stock VNC and SPICE viewers, real
PAM, real lobbies. What a lobby draws is tests/unit's; here counts what comes of what is typed into it."""

import contextlib
import os
import pathlib
import re
import signal
import threading
import time

import pytest

import console
import deployment
import procs
import rfb
import spice
import test_move
from deployment import eventually
from test_auth import OATH_KEY, build_pam_expired, hotp
from test_clients import VIEWER, at_prompt, keep, log, sees, types  # noqa: F401
from test_lobby import ACCENT, CARD, PAGE, share
from test_sandbox import OPEN_BUILD, confined, shut_in

TAB = 0xFF09
ACCENT_BELOW_MOUSE = (8, 67, 63)
MANY = 50


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


@pytest.fixture(scope="module")
def oriel():
    """Otto has one desktop, carla a good and a bad one, the others two good ones; anybody may come
    to the lobby, and SPICE viewers ask for no name themselves."""
    lobby = {"vnc_lobby": "yes", "spice_lobby": "yes", "spice_sasl": "no"}
    system = deployment.Deployment("lobby", gateway=lobby, lobby=True)
    system.passwords = {name: f"{name}-secret" for name in ("anna", "carla", "otto")}
    system.passwords |= {f"many{n}": f"secret{n}" for n in range(MANY)}
    try:
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
    finally:
        system.stop()


@pytest.fixture(scope="module")
def reader(oriel):
    return console.Reader.taught_by(oriel.spare_display())


def lobbies(oriel):
    """The process ids of those that live."""
    found = deployment.processes_of(oriel.broker_uid)
    return [pid for pid, line in found.items() if "oriel-lobby" in line]


@pytest.fixture
def no_lobby(oriel, books):
    yield
    assert eventually(lambda: not lobbies(oriel)), lobbies(oriel)


@contextlib.contextmanager
def told(oriel, pattern, n=1, seconds=90):
    """What is done inside makes the broker log that, n times."""
    before = len(oriel.log("broker"))
    yield

    def seen():
        return len(re.findall(pattern, oriel.log("broker")[before:])) >= n

    assert eventually(seen, seconds), oriel.tail("broker")


def still(display, shows=lambda picture: True):
    """Waits until the picture is one that is waited for, and has come to rest."""
    last, since = None, 0

    def same():
        nonlocal last, since
        now = display.screenshot()
        since = since + 1 if now == last and shows(now) else 0
        last = now
        return since >= 2

    assert eventually(same, 90, 0.05), "no such picture"


def asks(display):
    """Waits until the lobby hears what is typed: while it waits for the broker, its button is grey."""
    still(display, lambda picture: share(picture, ACCENT) + share(picture, ACCENT_BELOW_MOUSE) > 0.01)


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


def live(oriel, user, pool):
    """The person's one session there, once it is live."""

    def found():
        rows = [row for row in procs.live_sessions(oriel) if row["user"] == user]
        return rows if [(r["pool"], r["state"]) for r in rows] == [(pool, "live")] else None

    rows = eventually(found)
    assert rows, procs.live_sessions(oriel)
    return rows[0]


def test_tigervnc_signs_in_with_a_code(oriel, no_lobby, reader, display, log, request):  # noqa: F811
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
                display.type("wrong\n")
            asks(display)
        for code, said in ((hotp(500), "the login was refused"), (hotp(0), "signed in")):
            with told(oriel, "PAM has more to say"):
                display.type("otto-secret\n")
            asks(display)
            with told(oriel, said):
                display.type(f"{code}\n")
            if said == "the login was refused":
                asks(display)
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


def test_tigervnc_gives_a_new_password(oriel, no_lobby, display, log, request):  # noqa: F811
    """All that PAM says and asks on the way, round after round."""
    expired = oriel.path("pam.d/expired/carla")
    expired.touch()
    with told(oriel, "opened for somebody"):
        tiger(oriel, display, log, "-SecurityTypes=X509None")
    try:
        asks(display)
        display.type("carla\n")
        for typed, said in (("carla-secret", "PAM has more to say"), ("new-secret", "PAM has more to say"),
                            ("new-secret", "signed in")):
            asks(display)
            with told(oriel, said):
                display.type(f"{typed}\n")
        chooses(display)
        assert not expired.exists()
    finally:
        keep(request, display.screenshot())


def works_on_two(oriel, reader, display):
    """From the chooser to a desktop, which dies under its person, and on to the other: the one used
    last is the first in the list."""

    def one():
        rows = [row for row in procs.live_sessions(oriel) if row["user"] == "anna"]
        return rows if [row["state"] for row in rows] == ["live"] else None

    chooses(display)
    display.key("Return")
    types_there(display, reader, "first")
    (first,) = eventually(one)
    with told(oriel, "opened for anna"):
        pids = [p for p, line in oriel.desktops_running().items() if first["desktop"] in line]
        os.kill(pids[0], signal.SIGKILL)
    chooses(display)
    display.key("Down", "Return")
    types_there(display, reader, "second")
    live(oriel, "anna", {"own": "shared", "shared": "own"}[first["pool"]])


def test_tigervnc_chooses_two_desktops(oriel, no_lobby, reader, display, log, request):  # noqa: F811
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


def test_a_desktop_dies_during_its_start(oriel, no_lobby, reader, display, log, request):  # noqa: F811
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


# ---- SPICE: the gateway swaps what is below the viewer's channels


def remote(oriel, display, log, home, **more):
    """remote-viewer, told no more than where to go, but for that."""
    file = home / "oriel.vv"
    keys = {"type": "spice", "host": oriel.host, "tls-port": oriel.port, "fullscreen": 1,
            "ca": oriel.ca.read_text().replace("\n", "\\n"), **more}
    file.write_text("\n".join(["[virt-viewer]", *(f"{k}={v}" for k, v in keys.items())]))
    return display.run(["dbus-run-session", "remote-viewer", "--full-screen", file], log)


@contextlib.contextmanager
def spice_lobby(oriel, display):
    """What is done inside brings somebody to a sign-in that hears the keyboard: the picture is there before."""
    before = len(oriel.log("gateway"))
    with told(oriel, "opened for somebody"):
        yield
    assert eventually(lambda: "channel=inputs" in oriel.log("gateway")[before:]), oriel.tail("gateway")
    asks(display)


def swaps(log_since):
    """Milliseconds, by the gateway's log, from the order to move until main, display, cursor and
    inputs are linked to the next desktop and its picture has come."""
    line = re.compile(r"T(\S+)Z info .*?(moves to|started protocol=spice channel=(?!play|rec))")
    begun, found = None, []
    for time_of, what in line.findall(log_since):
        hours, minutes, seconds = time_of.split(":")
        at = (int(hours) * 60 + int(minutes)) * 60 + float(seconds)
        if what == "moves to":
            begun = at
            found.append([])
        elif begun is not None and len(found[-1]) < 4:
            found[-1].append(round(1000 * (at - begun)))
    return [max(one) for one in found if len(one) == 4]


def test_remote_viewer_chooses_two_desktops(oriel, no_lobby, reader, display, log, tmp_path, request):  # noqa: F811
    """From nothing, by the login screen, to one desktop and to another, in the same window."""
    before = len(oriel.log("gateway"))
    with spice_lobby(oriel, display):
        viewer = remote(oriel, display, log, tmp_path)
    try:
        with told(oriel, "the login was refused"):
            display.type("anna")
            display.key("Tab")
            display.type("wrong\n")
        asks(display)
        with told(oriel, "signed in"):
            display.type("anna-secret\n")
        works_on_two(oriel, reader, display)
        assert viewer.poll() is None
        print(f"swaps: {swaps(oriel.log('gateway')[before:])} ms")
    finally:
        keep(request, display.screenshot())


def test_spicy_signs_in_with_a_code(oriel, no_lobby, reader, display, log, request):  # noqa: F811
    with spice_lobby(oriel, display):
        viewer = display.run(
            ["dbus-run-session", "spicy", "-f", "-h", oriel.host, "-s", oriel.port,
             f"--spice-ca-file={oriel.ca}"], log)
    try:
        with told(oriel, "PAM has more to say"):
            display.type("otto")
            display.key("Tab")
            display.type("otto-secret\n")
        asks(display)
        with told(oriel, "signed in"):
            display.type(f"{hotp(1)}\n")
        types_there(display, reader, "spicy")
        assert viewer.poll() is None
    finally:
        keep(request, display.screenshot())


def test_killed_spice_lobby(oriel, no_lobby, source):
    """The first is replaced below both channels; with the second, they are closed."""
    begin = time.monotonic()
    session = spice.Session(lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source), "")
    try:
        display = session.display()
        display.wait(spice.DRAW_COPY)
        took = time.monotonic() - begin
        (first,) = eventually(lambda: lobbies(oriel))
        print(f"first picture: {1000 * took:.0f} ms, memory: {resident(first)} KiB")
        with told(oriel, "opened for somebody"):
            os.kill(first, signal.SIGKILL)
        display.wait(spice.SURFACE_CREATE)
        (second,) = lobbies(oriel)
        assert second != first
        os.kill(second, signal.SIGKILL)
        assert session.main.closed() and display.closed()
    finally:
        session.close()


@pytest.fixture
def no_swap(oriel):
    """SPICE viewers bring name and password, and are sent away to come again."""
    file = oriel.path("oriel.conf")
    before = file.read_text()
    other = before.replace("[broker]", "[broker]\nspice_swap = no").replace("spice_sasl = no", "")
    for text in (other, before):
        file.write_text(text)
        for name, start in (("gateway", oriel.start_gateway), ("broker", oriel.start_broker)):
            oriel.signal(name, signal.SIGTERM)
            start()
        if text == other:
            yield


def comes_again_with_its_ticket(oriel, source):
    """Byte by byte: whoever opened a session by a ticket comes with it again, and is at the other desktop."""
    def dial():
        return spice.dial(oriel.host, oriel.port, oriel.ca, source)

    def sees_picture(session):
        session.display().wait(spice.DRAW_COPY)

    ticket = oriel.login("anna", source).ticket("own", "spice")
    first = spice.Session(dial, ticket)
    try:
        sees_picture(first)
        oriel.ctl("session", "move", live(oriel, "anna", "own")["id"], "shared")
        first.main.wait(spice.SWITCH_HOST)
    finally:
        first.close()
    second = spice.Session(dial, ticket)
    try:
        sees_picture(second)
        live(oriel, "anna", "shared")
    finally:
        second.close()


def test_comes_again(oriel, no_swap, no_lobby, reader, display, log, tmp_path, request, source):  # noqa: F811
    """SWITCH_HOST: from the lobby to a desktop, and to another, in new connections and remote-viewer's same
    window; then by a ticket."""
    before = len(oriel.log("gateway"))
    with told(oriel, "opened for anna"):
        viewer = remote(oriel, display, log, tmp_path, username="anna", password="anna-secret")
    try:
        chooses(display)
        display.key("Return")
        assert eventually(lambda: procs.live_sessions(oriel))
        pool = test_move.session(oriel, "anna")["pool"]
        test_move.types_and_sees(oriel, display, reader, pool)
        pool = {"own": "shared", "shared": "own"}[pool]
        test_move.move(oriel, "anna", pool)
        test_move.types_and_sees(oriel, display, reader, pool)
        assert oriel.log("gateway")[before:].count("is told to come again") == 2
        assert viewer.poll() is None
    finally:
        keep(request, display.screenshot())
    os.killpg(viewer.pid, signal.SIGTERM)
    assert eventually(lambda: not procs.live_sessions(oriel))
    comes_again_with_its_ticket(oriel, source)


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
def test_warned_of_the_end(oriel, no_lobby, reader, display, log, request, tmp_path, source,  # noqa: F811
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
        (first,) = lobbies(oriel)
        with told(oriel, "opened for somebody"):
            os.kill(first, signal.SIGKILL)
        viewer.update()
        (second,) = lobbies(oriel)
        assert second != first
        os.kill(second, signal.SIGKILL)
        assert viewer.closed()


def test_a_lobby_has_next_to_nothing(oriel, no_lobby, source):
    """No right that it could use, and nothing of its broker's open: what the kernel says."""
    with stranger(oriel, source) as viewer:
        viewer.update()
        (pid,) = lobbies(oriel)
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
def test_tigervnc_without_tls(oriel, no_lobby, reader, display, log):  # noqa: F811
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

    with told(oriel, "signed in", MANY, 240):
        people = [threading.Thread(target=person, args=(n,)) for n in range(MANY)]
        for one in people:
            one.start()
    assert len(lobbies(oriel)) == MANY
    sizes = [resident(pid) for pid in lobbies(oriel)]
    print(f"first picture: {sorted(first)[MANY // 2]:.2f} s (median), {max(first):.2f} s; "
          f"memory: {max(sizes) / 1024:.1f} MiB at most of {sum(sizes) / 1024:.0f} MiB")
    done.wait()
    for one in people:
        one.join()
    assert not failed, failed


def resident(pid):
    """KiB that are its share alone."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1])
