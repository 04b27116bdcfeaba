# SPDX-License-Identifier: GPL-3.0-or-later
"""The broker goes away and comes back: refusals meanwhile, sessions that go on, desktops that are
found again."""

import signal
import time

import pytest

import procs
import rfb
import spice
from deployment import eventually
from peer import has_heard


def knocks(oriel, source):
    """A viewer that has yet to say who it is."""
    viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source)
    viewer.encrypt(oriel.ca)
    return viewer


def gets_in(oriel, viewer):
    with viewer:
        viewer.security_result()
        viewer.init()
        viewer.screen()
    assert oriel.healthy()


def vnc(oriel, source, user="ben"):
    viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source)
    viewer.secure(oriel.ca, user, oriel.passwords[user])
    viewer.init()
    return viewer


@pytest.fixture
def no_broker(oriel, source):
    """The broker is killed and, after the test, started again."""
    ticket = oriel.login("ben", source).ticket("shared", "spice")
    oriel.signal("broker", signal.SIGKILL)
    yield ticket
    oriel.start_broker()
    assert oriel.healthy()


def test_it_is_down(oriel, source, no_broker):
    def unwell():
        try:
            return oriel.api(source).request("GET", "/healthz").status == 503
        except ConnectionError:  # the broker had this one in its hands as it died
            return False

    assert eventually(unwell)
    answer = oriel.api(source).request("GET", "/api/v1/desktops", headers={"Accept": "*/*"})
    assert answer.status == 503
    page = oriel.api(source).request("GET", "/", headers={"Accept": "text/html"})
    assert page.status == 503 and b'http-equiv="refresh"' in page.body, "nobody asks again at a terminal's screen"

    begin = time.monotonic()
    with oriel.refusal("redeem", "broker"):
        with pytest.raises(rfb.Refused, match="not available"):
            vnc(oriel, source)
    assert 9 < time.monotonic() - begin < 40, "it waits for the broker, but not for ever"

    with spice.Channel(spice.dial(oriel.host, oriel.port, oriel.ca, source), spice.MAIN) as main:
        with oriel.refusal("redeem", "broker"):
            with pytest.raises((spice.Gone, spice.Refused)):
                main.link(no_broker)
            assert main.closed()


def test_sessions_and_desktops_survive_it(oriel, source, books):
    with vnc(oriel, source) as viewer:
        viewer.screen()
        assert eventually(lambda: procs.at_rest(oriel)), oriel.ctl("desktops")
        desktops = set(oriel.desktops_running())
        session = [row["id"] for row in procs.live_sessions(oriel)]
        oriel.signal("broker", signal.SIGKILL)
        viewer.type("echo on\n")
        viewer.update(incremental=True)
        assert desktops <= set(oriel.desktops_running()), "a desktop died with its broker"
        oriel.start_broker()
        assert oriel.healthy()
        viewer.update()
        assert eventually(
            lambda: session[0] in [row["id"] for row in procs.live_sessions(oriel)]
        ), "the session is not known any more"
        assert desktops <= set(oriel.desktops_running()), "a desktop was not found again"


def test_who_comes_meanwhile_waits(oriel, source, books):
    """... and gets in when the broker is back. The gateway has the password before there is one again, and nothing
    to say to it: what comes first is that they are in."""
    oriel.signal("broker", signal.SIGKILL)
    try:
        viewer = knocks(oriel, source)
        viewer.plain("ben", oriel.passwords["ben"])
        assert eventually(lambda: has_heard(viewer.sock))
    finally:
        oriel.start_broker()
    gets_in(oriel, viewer)


def test_a_ticket_that_it_dies_with(oriel, source, books):
    """It has the question when it is killed, and has not used the ticket up: the next one is asked."""
    ticket = oriel.login("ben", source).ticket("shared", "vnc")
    viewer = knocks(oriel, source)
    broker = oriel.daemons["broker"].pid
    oriel.signal("broker", signal.SIGSTOP)
    try:
        viewer.plain("ticket", ticket)
        assert eventually(lambda: procs.in_hand(broker, ticket.encode()))
        with oriel.logged("gateway", "shows its ticket to the next broker"):
            oriel.signal("broker", signal.SIGKILL)
    finally:
        oriel.signal("broker", signal.SIGKILL)
        oriel.start_broker()
    gets_in(oriel, viewer)


def test_the_account_of_a_session_that_ended_meanwhile(oriel, source, books):
    """Bytes, duration and reason are in the books as if the broker had been there."""
    with vnc(oriel, source) as viewer:
        viewer.screen()
        (session,) = [row["id"] for row in procs.live_sessions(oriel)]
        oriel.signal("broker", signal.SIGKILL)
        viewer.update()
    oriel.start_broker()
    assert oriel.healthy()

    def ended():
        rows = oriel.rows("sessions", "--all")
        return [row for row in rows if row["id"] == session and row["state"] == "ended"]

    assert eventually(ended)
    (row,) = ended()
    assert row["bytes_out"] > 100_000 and row["bytes_in"] > 50
    assert "left" in row["reason"], "it took the broker's own doubts to end it"


def test_a_session_that_ended_meanwhile(oriel, source, books):
    """The gateway tells it to the next broker; no lease stays behind."""
    viewer = vnc(oriel, source)
    oriel.signal("broker", signal.SIGKILL)
    viewer.sock.close()
    oriel.start_broker()
    assert oriel.healthy()
    assert eventually(lambda: not procs.live_sessions(oriel)), procs.live_sessions(oriel)


def test_login_helper_is_down(oriel, source):
    oriel.signal("authd", signal.SIGTERM)
    try:
        answer = oriel.api(source).request(
            "POST", "/api/v1/login", {"user": "ben", "password": oriel.passwords["ben"]}
        )
        assert answer.status == 503
        with oriel.refusal("redeem", "broker"), pytest.raises(rfb.Refused):
            vnc(oriel, source)
    finally:
        oriel.start_authd()
    assert oriel.login("ben", source).desktops()
