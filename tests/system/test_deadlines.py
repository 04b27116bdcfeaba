# SPDX-License-Identifier: GPL-3.0-or-later
"""Half a handshake, then silence: every step has a deadline. All wait at the same time."""

import contextlib
import functools
import os
import socket
import ssl
import threading
import time

import pytest

import rfb
import spice
import ws


def raw(oriel, source):
    return socket.create_connection((oriel.host, oriel.port), 120, (source, 0))


def half_tls(oriel, source):
    sock = raw(oriel, source)
    sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
    return sock


def slowly(sock, data, seconds):
    """Sends all but the last byte, one after the other, in this time: what comes is no more time."""

    def drip():
        with contextlib.suppress(OSError):
            for byte in data[:-1]:
                sock.sendall(bytes([byte]))
                time.sleep(seconds / len(data))

    threading.Thread(target=drip, daemon=True).start()
    return sock


def tls_byte_by_byte(oriel, source):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return slowly(raw(oriel, source), outgoing.read(), 60)


def rfb_version_byte_by_byte(oriel, source):
    viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source, 120)
    return slowly(viewer.sock, b"RFB 003.008\n", 150)


def websocket(oriel, source, person):
    ticket = oriel.login(person, source).ticket("shared", "web")
    sock = ws.tls(oriel.host, oriel.port, oriel.ca, source, 120)
    return ws.WebSocket(sock, f"/websockify?token={ticket}", f"{oriel.host}:{oriel.port}")


def websocket_without_rfb(oriel, source):
    """It has a desktop, and says only that it is still there."""
    one = websocket(oriel, source, "ben")
    one.frame(ws.PING, b"")
    return one.sock


def websocket_of_half_a_frame(oriel, source):
    """The first fragment of two gigabytes, whose mask never comes."""
    one = websocket(oriel, source, "carla")
    one.sock.sendall(b"\x02\xff\x00\x00\x00\x00\x7f\xff\xff\xff")
    return one.sock


def http_head_byte_by_byte(oriel, source):
    """Inside TLS. What comes is read below it: one thread may use the connection at a time."""
    sock = ws.tls(oriel.host, oriel.port, oriel.ca, source, 120)
    slowly(sock, b"GET /api/v1/desktops HTTP/1.1\r\nHost: ", 90)
    return socket.socket(fileno=os.dup(sock.fileno()))


def connect(sock):
    """Through the proxy that the gateway is for SPICE viewers: a fresh start inside."""
    sock.sendall(b"CONNECT desktop:5900 HTTP/1.1\r\nHost: desktop\r\n\r\n")
    assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
    return sock


def connect_and_silence(oriel, source):
    return connect(ws.tls(oriel.host, oriel.port, oriel.ca, source, 120))


def connect_and_half_tls(oriel, source):
    sock = connect(raw(oriel, source))
    sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
    return sock


def tls_and_half_a_head(oriel, source):
    sock = ws.tls(oriel.host, oriel.port, oriel.ca, source, 120)
    sock.sendall(b"GET /api/v1/desktops HTTP/1.1\r\nHost: ")
    return sock


def tls_and_half_a_spice_head(oriel, source):
    sock = spice.dial(oriel.host, oriel.port, oriel.ca, source, 120)
    sock.sendall(b"REDQ\2\0")
    return sock


def spice_without_ticket(oriel, source):
    channel = spice.Channel(spice.dial(oriel.host, oriel.port, oriel.ca, source, 120), spice.MAIN)
    channel.sock.sendall(channel.mess())
    channel.reply()
    return channel.sock


def spice_display_without_init(oriel, source):
    """Linked with a good ticket; the first message, which the desktop waits for, never comes."""
    ticket = oriel.login("anna", source).ticket("shared", "spice")
    dial = functools.partial(spice.dial, oriel.host, oriel.port, oriel.ca, source, 120)
    session = spice.Session(dial, ticket)
    session.attach()
    display = session.open(spice.DISPLAY)
    session.channels.remove(display)
    display.sock.others = session.channels  # open until the test is over
    return display.sock


def rfb_version_only(oriel, source):
    viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source, 120)
    viewer.versions()
    viewer.security_types()
    return viewer.sock


def rfb_without_password(oriel, source):
    viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source, 120)
    viewer.encrypt(oriel.ca)
    return viewer.sock


CASES = [
    (half_tls, "secure", 30),
    (tls_byte_by_byte, "secure", 30),
    (websocket_without_rfb, "welcome", 60),
    (websocket_of_half_a_frame, "welcome", 60),
    (spice_display_without_init, "dial", 60),
    (connect_and_half_tls, "secure", 30),
    (connect_and_silence, "greet", 130),
    (http_head_byte_by_byte, "greet", 100),
    (tls_and_half_a_head, "greet", 100),
    (tls_and_half_a_spice_head, "greet", 100),
    (spice_without_ticket, "greet", 100),
    (rfb_version_only, "greet", 100),
    (rfb_version_byte_by_byte, "greet", 100),
    (rfb_without_password, "greet", 100),
]


def test_half_handshakes_end(oriel, source, books):
    before = len(oriel.log("gateway"))
    waiting = [(*case, case[0](oriel, source), time.monotonic()) for case in CASES]
    ports = {}
    for make, _, _, sock, _ in waiting:
        ports[make.__name__] = sock.getsockname()[1]
    for make, step, seconds, sock, begin in waiting:
        sock.settimeout(max(1.0, begin + seconds - time.monotonic()))
        try:
            while sock.recv(65536):
                pass
        except TimeoutError:
            pytest.fail(f"{make.__name__} was not cut off in {seconds} s")
        except OSError:
            pass
        assert time.monotonic() - begin > 5, f"{make.__name__} was cut off too early"
        sock.close()
        lines = [
            line
            for line in oriel.log("gateway")[before:].splitlines()
            if f":{ports[make.__name__]}" in line and "fault=" in line
        ]
        assert len(lines) == 1, (make.__name__, lines)
        assert f"step={step}" in lines[0] and "fault=timeout" in lines[0], lines[0]
