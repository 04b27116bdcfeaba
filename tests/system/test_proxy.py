# SPDX-License-Identifier: GPL-3.0-or-later
"""Behind a load balancer: the PROXY header is believed from where it is trusted, and nowhere else."""

import contextlib
import ipaddress
import re
import socket
import ssl
import struct

import deployment
import procs
import pytest
import rfb
import ws

BALANCER, STRANGER = "127.9.0.1", "127.8.0.1"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


@pytest.fixture(scope="module")
def behind():
    """A gateway of one worker that takes two connections from one address, and thinks of balancers that end
    what is quiet for a few seconds."""
    gateway = {"workers": 1, "max_per_address": 2, "proxy_from": "2001:db8::/32, 127.9.0.0/16", "web_beat": 1}
    with deployment.Deployment("proxy", gateway) as system:
        system.start()
        system.add_image()
        system.ctl("pool", "add", "shared", "--kind", "floating", "--image", "tiny", "--max", "2")
        system.ctl("entitle", "shared", "--user", "ben")
        yield system


def version1(client, port=4711):
    kind = "TCP6" if ":" in client else "TCP4"
    target = "2001:db8::1" if ":" in client else "192.0.2.1"
    return f"PROXY {kind} {client} {target} {port} 443\r\n".encode()


def version2(client, port=4711, extension=b""):
    source = ipaddress.ip_address(client)
    target = ipaddress.ip_address("2001:db8::1" if source.version == 6 else "192.0.2.1")
    rest = source.packed + target.packed + struct.pack(">HH", port, 443) + extension
    return SIGNATURE + struct.pack(">BBH", 0x21, 0x21 if source.version == 6 else 0x11, len(rest)) + rest


def connect(system, port, header=b"", source=BALANCER):
    sock = socket.create_connection((system.host, port), 60, (source, 0))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in header:
        sock.send(bytes([byte]))
    return sock


def refused_login(system, header):
    """What the API says to who comes through the balancer with a wrong password."""
    body = b'{"user":"nobody","password":"x"}'
    context = ssl.create_default_context(cafile=system.ca)
    with connect(system, system.port, header) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as tls:
            tls.sendall(
                b"POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )
            said = b""
            while piece := tls.recv(4096):
                said += piece
    return said


@pytest.mark.parametrize(
    "header, peer",
    [
        (version1("203.0.113.7"), "203.0.113.7:4711"),
        (version2("203.0.113.7", extension=b"\x04\0\x03abc"), "203.0.113.7:4711"),
        (version2("2001:db8:5::7"), "[2001:db8:5::7]:4711"),
        (version1("::ffff:203.0.113.7"), "203.0.113.7:4711"),
    ],
)
def test_a_session_is_its_clients(behind, header, peer):
    before = len(behind.log("gateway"))
    with rfb.Rfb(connect(behind, behind.vnc_port, header)) as viewer:
        viewer.secure(behind.ca, "ben", behind.passwords["ben"])
        viewer.init()
        viewer.screen()
        (row,) = procs.live_sessions(behind)
        assert row["peer"] == peer
    assert deployment.eventually(lambda: not procs.live_sessions(behind))
    assert f"peer={peer} " in behind.log("gateway")[before:]


@pytest.mark.parametrize("client", ["203.0.113.8", "2001:db8:5::8"])
def test_pages_know_their_client(behind, client):
    with behind.logged("broker", re.escape(f"peer={client}:") + " ", "POST /api/v1/login"):
        assert refused_login(behind, version2(client)).startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    "header", [b"PROXY UNKNOWN\r\n", SIGNATURE + b"\x20\0\0\0"], ids=["version1", "version2"]
)
def test_the_balancers_own_check(behind, header):
    with connect(behind, behind.vnc_port, header) as one:
        assert one.recv(12) == b"RFB 003.008\n"


def test_a_header_from_a_stranger_is_wrong(behind):
    with behind.refusal("sniff", "client", f"peer={STRANGER}:"):
        with connect(behind, behind.port, version1("203.0.113.7"), STRANGER) as one:
            with contextlib.suppress(ConnectionResetError):
                assert not one.recv(100)
    with behind.refusal("greet", "client", f"peer={STRANGER}:"):
        with connect(behind, behind.vnc_port, version2("203.0.113.7"), STRANGER) as one:
            assert one.recv(12) == b"RFB 003.008\n"
            with contextlib.suppress(ConnectionResetError):
                while one.recv(4096):
                    pass


def test_the_balancer_must_send_one(behind):
    with behind.refusal("proxy", "client", f"peer={BALANCER}:", "no signature"):
        with connect(behind, behind.port) as raw, pytest.raises(OSError):
            ssl.create_default_context(cafile=behind.ca).wrap_socket(
                raw, server_hostname="localhost"
            )
    with behind.refusal("proxy", "timeout", f"peer={BALANCER}:"):
        with connect(behind, behind.vnc_port, version1("203.0.113.7")[:-1]) as one:
            assert not one.recv(100), "it greeted somebody without a name"


def test_limits_are_the_clients(behind):
    """Not the balancer's, who has many connections."""
    with contextlib.ExitStack() as held:
        for client in ("203.0.113.1", "203.0.113.2", "203.0.113.3"):
            for _ in range(2):
                one = held.enter_context(connect(behind, behind.vnc_port, version1(client)))
                assert one.recv(12) == b"RFB 003.008\n"
        with behind.refusal("greet", "busy", "max_per_address", r"peer=203\.0\.113\.2:"):
            with connect(behind, behind.vnc_port, version2("203.0.113.2")) as one:
                said = b""
                while piece := one.recv(4096):
                    said += piece
        assert b"in use right now" in said
        one = held.enter_context(connect(behind, behind.vnc_port, version2("203.0.113.4")))
        assert one.recv(12) == b"RFB 003.008\n"
    assert deployment.eventually(
        lambda: refused_login(behind, version1("203.0.113.2")).startswith(b"HTTP/1.1 4")
    ), "the count does not go down again"


def test_a_quiet_line_is_used(behind):
    """A browser whose desktop shows nothing new is sent what it need not answer, before and after it is shown
    something."""
    api = behind.login("ben")
    line = ws.WebSocket(ws.tls(behind.host, behind.port, behind.ca),
                        f"/websockify?token={api.ticket('shared', 'web')}", behind.host)
    with rfb.Rfb(line) as viewer:
        viewer.none()
        viewer.init()
        for _ in range(2):
            assert line.receive() == (ws.PONG, b"")
        assert viewer.screen()
        assert line.receive() == (ws.PONG, b"")
