# SPDX-License-Identifier: GPL-3.0-or-later
"""One-time tickets, over every way in."""

import re
import time

import pytest

import rfb
import ws
from tickets import opens_web, vnc, web


def web_is_refused(oriel, ticket, source, fault="denied"):
    """Before the upgrade with a status, or after it with a close code and words."""
    with oriel.refusal("redeem|greet", fault):
        try:
            viewer = web(oriel, ticket, source)
        except ws.Refused as refusal:
            assert refusal.status in (403, 404, 410)
            return
        with pytest.raises((rfb.Gone, rfb.Refused)):
            viewer.none()
            viewer.init()
        viewer.sock.close()


def vnc_is_refused(oriel, ticket, source, fault="denied"):
    with oriel.refusal("redeem", fault), pytest.raises(rfb.Refused):
        vnc(oriel, ticket, source)


def test_its_form(oriel, source):
    ticket = oriel.login("ben", source).connect("shared", "web")
    assert re.fullmatch("[A-Za-z0-9]{43,58}", ticket["ticket"])
    assert ticket["expires_at"] > time.time() or isinstance(ticket["expires_at"], str)


def test_web(oriel, source, books):
    ticket = oriel.login("ben", source).ticket("shared", "web")
    with web(oriel, ticket, source) as viewer:
        opens_web(viewer)


def test_web_with_more_in_the_query(oriel, source, books):
    ticket = oriel.login("ben", source).ticket("shared", "web")
    with web(oriel, ticket, source, "/websockify?x=1&token={}") as viewer:
        opens_web(viewer)


def test_vnc(oriel, source, books):
    ticket = oriel.login("ben", source).ticket("shared", "vnc")
    with vnc(oriel, ticket, source) as viewer:
        viewer.init()
        viewer.screen()


def test_spent(oriel, source, books):
    ticket = oriel.login("ben", source).ticket("shared", "web")
    with web(oriel, ticket, source) as viewer:
        opens_web(viewer)
        web_is_refused(oriel, ticket, source)
        assert viewer.update() is not None  # the first is not disturbed
    ticket = oriel.login("ben", source).ticket("shared", "vnc")
    with vnc(oriel, ticket, source) as viewer:
        viewer.init()
        vnc_is_refused(oriel, ticket, source)


def test_of_another_protocol(oriel, source, books):
    api = oriel.login("ben", source)
    vnc_is_refused(oriel, api.ticket("shared", "web"), source)
    web_is_refused(oriel, api.ticket("shared", "vnc"), source)
    web_is_refused(oriel, api.ticket("shared", "spice"), source)


@pytest.mark.parametrize(
    "ticket", ["a" * 43, "x", "a" * 4000, "%00", "'--"],
    ids=["plausible", "short", "long", "nul", "quote"],
)
def test_invented(oriel, source, ticket):
    web_is_refused(oriel, ticket, source)


def test_invented_for_vnc(oriel, source):
    vnc_is_refused(oriel, "a" * 43, source)


def test_it_is_in_no_log(oriel, source, books):
    ticket = oriel.login("ben", source).ticket("shared", "web")
    with web(oriel, ticket, source) as viewer:
        opens_web(viewer)
    for name in ("gateway", "broker", "authd"):
        assert ticket not in oriel.log(name)
        for password in oriel.passwords.values():
            assert password not in oriel.log(name)
