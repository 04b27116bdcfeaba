# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway in a DMZ: it has nothing of the broker but a tunnel of mutual TLS."""

import contextlib
import os
import shutil
import signal
import socket
import ssl
import time

import pytest
from cryptography.hazmat.primitives import serialization

import deployment
import machines
import rfb
import spice
from deployment import eventually, free_port
from tunnels import BROKER, GATEWAY, Authority, configure, start_tunnel, status


class Dmz(deployment.Deployment):
    """The gateway's end of the tunnel makes the sockets that the gateway knows; the broker's end
    goes to the broker's."""

    def __init__(self):
        super().__init__("tunnel")
        self.tunnel_port = free_port()
        self.options["gateway"]["brokers"] = self.path("dmz")

    def prepare(self):
        super().prepare()
        shutil.copy(deployment.BUILD / "tunnel/oriel-tunnel", self.path("bin"))
        for name, mode in (("certs", 0o711), ("dmz", 0o700)):
            self.path(name).mkdir()
            self.path(name).chmod(mode)
        os.chown(self.path("dmz"), self.gateway_uid, self.gateway_uid)
        ours, other = Authority("ours"), Authority("other")
        self.path("certs/ca.pem").write_bytes(
            ours.certificate.public_bytes(serialization.Encoding.PEM))
        for authority, file, name in (
            (ours, "broker", BROKER), (ours, "gateway", GATEWAY), (ours, "stranger", "stranger.example"),
            (other, "forged", BROKER), (other, "forged-gateway", GATEWAY),
        ):
            authority.issue(self.path("certs"), file, name, self.gateway_uid)
        configure(self, "outside", "gateway", BROKER, f"connect = 127.0.0.1:{self.tunnel_port}\n"
                  f"directory = {self.path('dmz')}")
        for name, certificate in (("inside", "broker"), ("stranger", "stranger"), ("forged", "forged")):
            configure(self, name, certificate, GATEWAY, f"listen = 127.0.0.1:{self.tunnel_port}")

    def start_tunnel(self, name, conf=None):
        start_tunnel(self, name, conf)

    def start_gateway(self):
        self.start_tunnel("inside")
        self.start_tunnel("outside")
        super().start_gateway()


@pytest.fixture(scope="module")
def dmz():
    with Dmz() as system:
        system.start()
        system.add_image()
        system.ctl("pool", "add", "shared", "--kind", "floating", "--image", "tiny", "--max", "3",
                   "--spare", "1")
        for person in ("anna", "ben"):
            system.ctl("entitle", "shared", "--user", person)
        yield system


def test_pages_and_desktops(dmz):
    """The portal, and displays of QEMUs that only the broker's machine can reach."""
    assert b"<html" in dmz.api().request("GET", "/").body
    api = dmz.login("anna")
    with rfb.Rfb.dial(dmz.host, dmz.vnc_port, timeout=90) as viewer:
        viewer.secure(dmz.ca, "ticket", api.ticket("shared", "vnc"))
        viewer.init()
        viewer.want_raw()
        for _ in range(20):  # whole pictures, megabytes each
            assert viewer.update()
        assert eventually(lambda: [row["state"] for row in api.sessions()] == ["live"])
        (session,) = api.sessions()
        assert session["peer"].startswith("127.0.0.1")
    assert eventually(lambda: not api.sessions())

    ben = dmz.login("ben")
    viewer = spice.Session(
        lambda: spice.dial(dmz.host, dmz.port, dmz.ca), ben.ticket("shared", "spice"))
    try:
        viewer.display()
        viewer.open(spice.INPUTS)
        (session,) = ben.sessions()
        dmz.ctl("session", "end", session["id"])
        assert viewer.main.closed()
    finally:
        viewer.close()


def test_a_viewer_that_pauses(dmz):
    """Its pictures wait for it, longer than the tunnel would wait for another machine's sign of life."""
    side, pictures = 2048, 4  # of 16 MiB each: more than the kernel holds on the way
    directory = dmz.path("pictures")
    directory.mkdir(mode=0o755)
    desktop = machines.pictures(directory / "picture")
    machines.add(dmz, "anna", "picture", 1, directory / "picture")
    try:
        with machines.viewers(dmz, "anna", "picture") as (viewer,):
            for _ in range(pictures):
                viewer.pack("BBHHHH", 3, 0, 0, 0, side, side)
            time.sleep(20)
            viewer.sock.settimeout(60)
            for _ in range(pictures):
                viewer.read(16 + 4 * side * side)
        assert "asks for the way" not in dmz.log("gateway"), dmz.tail("gateway")
        machines.remove(dmz, "anna", "picture")
    finally:
        desktop.terminate()
        desktop.wait(60)


def identity(dmz, certificate, protocol):
    """What a client of the broker's end shows of itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(dmz.path(f"certs/{certificate}.crt"),
                                dmz.path(f"certs/{certificate}.key"))
    if protocol:
        context.set_alpn_protocols([protocol])
    return context


def knock(dmz, certificate, protocol, say=b""):
    """True if the broker's end lets this one in and answers."""
    with socket.create_connection((dmz.host, dmz.tunnel_port), 60) as plain:
        try:
            with identity(dmz, certificate, protocol).wrap_socket(plain) as secure:
                secure.sendall(say or b" ")
                return secure.recv(1) == b"R"
        except OSError:
            return False


@pytest.mark.parametrize("certificate, protocol", [
    (None, "oriel-control"), ("stranger", "oriel-control"), ("forged-gateway", "oriel-control"),
    ("gateway", None), ("gateway", "http/1.1"),
])
def test_who_is_not_let_in(dmz, certificate, protocol):
    with dmz.logged("inside", "was not let in"):
        assert not knock(dmz, certificate, protocol)
    assert knock(dmz, "gateway", "oriel-control")


def test_a_display_needs_its_secret(dmz):
    with dmz.logged("inside", "no display by that secret"):
        assert not knock(dmz, "gateway", "oriel-display", b"a" * 43)


def test_it_stops_among_connections(dmz):
    """Those that are carried, and those at each step before, end with it."""
    gateway = identity(dmz, "gateway", "oriel-control")
    for _ in range(5):
        with contextlib.ExitStack() as stack:
            def dial():
                return stack.enter_context(socket.create_connection((dmz.host, dmz.tunnel_port), 60))

            for _ in range(10):
                secure = stack.enter_context(gateway.wrap_socket(dial()))
                assert secure.recv(1) == b"R"
            for _ in range(10):
                dial().sendall(b"no TLS at all")
            dmz.signal("inside", signal.SIGTERM)
        assert dmz.daemons["inside"].returncode == 0, dmz.tail("inside")
        dmz.start_tunnel("inside")


def test_old_tls_is_not_spoken(dmz):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((dmz.host, dmz.tunnel_port), 60) as plain:
        with pytest.raises(ssl.SSLError), context.wrap_socket(plain):
            pass


@pytest.mark.parametrize("impostor, why", [("stranger", "another name"), ("forged", "verify failed")])
def test_an_impostor_in_the_broker_s_place(dmz, impostor, why):
    """The gateway's end says nothing to it, the gateway that the broker is away; and goes on when the
    right one is back."""
    dmz.signal("inside", signal.SIGKILL)
    assert eventually(lambda: status(dmz) == 503)
    with dmz.logged("outside", "cannot be reached", why):
        dmz.start_tunnel("inside", impostor)
    assert eventually(lambda: status(dmz) == 503)
    dmz.signal("inside", signal.SIGTERM)
    dmz.start_tunnel("inside")
    assert eventually(lambda: status(dmz) == 200), dmz.tail("outside")
    assert dmz.login("anna").desktops()


def test_the_broker_starts_anew(dmz):
    """Nothing moves below the sessions: their bytes go through the tunnel's two ends, not through the
    broker. The next one knows them again."""
    anna, ben = dmz.login("anna"), dmz.login("ben")
    with contextlib.ExitStack() as stack:
        viewer = stack.enter_context(rfb.Rfb.dial(dmz.host, dmz.vnc_port, timeout=90))
        viewer.secure(dmz.ca, "ticket", anna.ticket("shared", "vnc"))
        viewer.init()
        viewer.want_raw()
        native = spice.Session(
            lambda: spice.dial(dmz.host, dmz.port, dmz.ca), ben.ticket("shared", "spice"))
        stack.callback(native.close)
        native.display()
        before = [api.sessions()[0]["id"] for api in (anna, ben)]
        dmz.signal("broker", signal.SIGKILL)
        assert eventually(lambda: status(dmz) == 503)
        for _ in range(5):
            assert viewer.update(), "the desktop stands still without the broker"
        dmz.start_broker()
        assert eventually(lambda: status(dmz) == 200), dmz.tail("outside")
        assert viewer.update()
        native.open(spice.INPUTS)  # a further channel joins what the broker of before had opened

        def after():
            return [[(row["id"], row["state"]) for row in api.sessions()] for api in (anna, ben)]

        assert eventually(lambda: after() == [[(id, "live")] for id in before]), after()


def test_a_line_that_breaks(dmz):
    """The gateway's end is killed in the middle of a session: to the broker's end the line broke. With
    the next one the session goes on, in the same connection of its viewer."""
    api = dmz.login("anna")
    with rfb.Rfb.dial(dmz.host, dmz.vnc_port, timeout=90) as viewer:
        viewer.secure(dmz.ca, "ticket", api.ticket("shared", "vnc"))
        viewer.init()
        viewer.want_raw()
        assert viewer.update()
        (before,) = api.sessions()
        seen = len(dmz.log("inside"))
        dmz.signal("outside", signal.SIGKILL)
        assert eventually(lambda: "out of reach" in dmz.log("inside")[seen:]), dmz.tail("inside")
        dmz.start_tunnel("outside")
        assert viewer.update() and viewer.update()
        assert eventually(lambda: status(dmz) == 200), dmz.tail("outside")

        def after():
            return [(row["id"], row["state"]) for row in api.sessions()]

        assert eventually(lambda: after() == [(before["id"], "live")]), after()
