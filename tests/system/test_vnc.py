# SPDX-License-Identifier: GPL-3.0-or-later
"""VNC, byte by byte: on its own port and on the shared one, good and bad."""

import socket
import ssl
import time

import pytest
from PIL import ImageChops

import rfb
from deployment import eventually

PLAIN = {"step": "greet", "fault": "client"}


def dial(oriel, source, shared=False):
    return rfb.Rfb.dial(oriel.host, oriel.port if shared else oriel.vnc_port, source)


@pytest.mark.parametrize("shared", [False, True], ids=["own port", "shared port"])
def test_password_reaches_a_picture(oriel, source, books, shared):
    with dial(oriel, source, shared) as viewer:
        viewer.secure(oriel.ca, "ben", oriel.passwords["ben"])
        assert viewer.init()
        # A guest that still boots is black for a moment.
        assert eventually(lambda: viewer.screen().getextrema() != ((0, 0),) * 3)


def greeted_after(oriel, source, shared):
    """Seconds."""
    begin = time.monotonic()
    with dial(oriel, source, shared) as viewer:
        assert viewer.read(12) == b"RFB 003.008\n"
    return time.monotonic() - begin


def test_the_vnc_port_greets_at_once(oriel, source):
    """It does not wait for silence, 2.5 s; a busy machine may keep one or the other waiting for so long."""
    assert eventually(lambda: greeted_after(oriel, source, False) < 1)


def test_the_shared_port_greets_who_is_silent(oriel, source):
    assert greeted_after(oriel, source, True) > 2.4


def test_version_3_7(oriel, source, books):
    with dial(oriel, source) as viewer:
        viewer.versions(b"RFB 003.007\n")
        assert viewer.security_types() == [rfb.VENCRYPT]
        viewer.vencrypt()
        viewer.choose()
        viewer.start_tls(oriel.ca)
        viewer.plain("ben", oriel.passwords["ben"])
        viewer.security_result()
        assert viewer.init()


def test_version_3_3_hears_why_not(oriel, source):
    """3.3 has no way to encrypt: it gets the words that it can show, and no password is asked."""
    with dial(oriel, source) as viewer, oriel.refusal("greet", "client"):
        viewer.versions(b"RFB 003.003\n")
        assert viewer.unpack("I") == 0
        assert viewer.text()
        assert viewer.closed()


@pytest.mark.parametrize("user", ["anna", "nobody-of-this-name"])
def test_wrong_password(oriel, source, books, user):
    with dial(oriel, source) as viewer, oriel.refusal("redeem", "denied"):
        with pytest.raises(rfb.Refused, match="user name or password is not right"):
            viewer.secure(oriel.ca, user, "wrong")
        assert viewer.closed()


def test_a_named_desktop(oriel, source, books):
    name = oriel.login("anna", source)
    with dial(oriel, source) as viewer:
        viewer.secure(oriel.ca, "anna/own", oriel.passwords["anna"])
        viewer.init()
        pools = {row["pool"] for row in name.sessions() if row["state"] != "ended"}
        assert pools == {"own"}


def test_a_desktop_that_is_not_theirs(oriel, source, books):
    with dial(oriel, source) as viewer, oriel.refusal("redeem", "not-found"):
        with pytest.raises(rfb.Refused, match="no such desktop|not yours"):
            viewer.secure(oriel.ca, "ben/own", oriel.passwords["ben"])


def test_plain_bytes_after_the_upgrade_are_an_attack(oriel, source, books):
    """Whoever sits on the line must not slip bytes in that would count as encrypted."""
    with dial(oriel, source) as viewer, oriel.refusal("greet", "client"):
        viewer.versions()
        viewer.security_types()
        viewer.vencrypt()
        hello, out = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = ssl.create_default_context(cafile=oriel.ca).wrap_bio(
            hello, out, server_hostname=oriel.host
        )
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        injected = b"\0\0\0\4\0\0\0\1anna!"
        viewer.send(b"\0\0\1\6", injected, out.read())
        assert viewer.closed()


def test_bytes_before_their_time(oriel, source, books):
    """A client that does not wait for the TLS answer but sends the login in the clear."""
    with dial(oriel, source) as viewer, oriel.refusal("greet", "client"):
        viewer.versions()
        viewer.security_types()
        viewer.vencrypt()
        viewer.choose()
        viewer.plain("ben", oriel.passwords["ben"])
        assert viewer.closed()


@pytest.mark.parametrize(
    "greeting", [b"RFB abc.def\n", b"GET / HTTP/1", b"\0" * 12]
)
def test_crooked_versions(oriel, source, greeting):
    with dial(oriel, source) as viewer, oriel.refusal("greet", "client"):
        viewer.versions(greeting)
        assert viewer.closed()


def test_a_type_that_was_not_offered(oriel, source):
    with dial(oriel, source) as viewer, oriel.refusal("greet", "client"):
        viewer.versions()
        viewer.security_types()
        viewer.send(b"\1")
        assert viewer.closed()


def test_a_subtype_that_was_not_offered(oriel, source):
    with dial(oriel, source) as viewer, oriel.refusal("greet", "client"):
        viewer.versions()
        viewer.security_types()
        viewer.vencrypt()
        viewer.pack("I", 256)
        assert viewer.closed()


@pytest.mark.parametrize("lengths", [(0xFFFFFFFF, 1), (1, 0xFFFFFFFF), (100000, 100000)])
def test_oversize_lengths_in_the_login(oriel, source, books, lengths):
    with dial(oriel, source) as viewer, oriel.refusal("greet", "client"):
        viewer.versions()
        viewer.security_types()
        viewer.vencrypt()
        viewer.choose()
        viewer.start_tls(oriel.ca)
        viewer.pack("II", *lengths)
        assert viewer.closed()


def test_a_foreign_message_in_the_relay(oriel, source, books):
    with dial(oriel, source) as viewer:
        viewer.secure(oriel.ca, "ben", oriel.passwords["ben"])
        viewer.init()
        viewer.screen()
        with oriel.refusal("relay", "client"):
            viewer.send(b"\x7f" * 64)
            assert viewer.closed()


def test_no_session_tickets(oriel, source, books):
    """They would hang TigerVNC 1.12."""
    with dial(oriel, source) as viewer:
        viewer.secure(oriel.ca, "ben", oriel.passwords["ben"])
        viewer.init()
        viewer.screen()
        session = viewer.sock.session
        assert session is None or not session.has_ticket


def test_who_hangs_up_leaves_nothing(oriel, source, books):
    """At every stage of the handshake."""
    for stage in range(6):
        with dial(oriel, source) as viewer:
            if stage > 0:
                viewer.read(12)
            if stage > 1:
                viewer.send(b"RFB 003.008\n")
                viewer.security_types()
            if stage > 2:
                viewer.vencrypt()
            if stage > 3:
                viewer.choose()
            if stage > 4:
                viewer.start_tls(oriel.ca)
            viewer.sock.shutdown(socket.SHUT_WR)


def test_a_viewer_is_kept_up_to_date(oriel, source, books):
    """Without asking for each picture, until it has enough; then it asks as ever."""
    with dial(oriel, source) as viewer:
        viewer.secure(oriel.ca, "ben", oriel.passwords["ben"])
        viewer.init()
        before = viewer.screen()
        viewer.keep_updated()
        viewer.type("echo kept up to date\n")
        assert eventually(lambda: ImageChops.difference(before, viewer.next_update()).getbbox())
        viewer.stop_updates()
        assert eventually(lambda: viewer.update().getextrema() != ((0, 0),) * 3)
