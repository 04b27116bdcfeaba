# SPDX-License-Identifier: GPL-3.0-or-later
"""People who mean harm: nonsense, floods, half ways and vanishing, bounded in number and time.
After each nothing is left, no process has ended, and others are served as before."""

import concurrent.futures
import contextlib
import gzip
import random
import signal
import socket
import ssl
import struct
import time

import pytest

import deployment
import procs
import rfb
import spice
import ws
from deployment import eventually
from tickets import opens_web, vnc, web

PROMPT = 8.0  # s within which the others are served, whatever happens: less than any step may wait


@pytest.fixture
def unharmed(oriel, books):
    """The same processes as before, and none of them has said that it has a bug."""
    assert eventually(lambda: len(oriel.pids("gateway")) == 1 + oriel.options["gateway"]["workers"])
    before = {name: set(oriel.pids(name)) for name in ("gateway", "broker")}
    yield
    for name, pids in before.items():
        assert set(oriel.pids(name)) == pids, oriel.tail(name)
        assert "Sanitizer" not in oriel.log(name) and "runtime error" not in oriel.log(name)
    assert oriel.healthy()


def tls(oriel, source=None, timeout=60):
    return ws.tls(oriel.host, oriel.port, oriel.ca, source, timeout)


def raw(oriel, source=None, port=None, timeout=60):
    address = (oriel.host, port or oriel.port)
    return socket.create_connection(address, timeout, (source, 0) if source else None)


def drain(sock, seconds=60):
    """What still comes until the other side closes, at most so long."""
    sock.settimeout(seconds)
    said = b""
    with contextlib.suppress(OSError, ssl.SSLError, EOFError):
        while more := sock.recv(65536):
            said += more
    return said


def memory(oriel, name):
    """KiB in RAM, of all its processes."""
    kib = 0
    for pid in oriel.pids(name):
        with open(f"/proc/{pid}/statm") as statm:
            kib += int(statm.read().split()[1]) * 4
    return kib


def served_promptly(oriel):
    with procs.within(oriel, PROMPT):
        assert oriel.api().request("GET", "/healthz").status == 200


# ---- nonsense

BEGINNINGS = [
    b"",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"REDQ\2\0\0\0\2\0\0\0",
    b"GET / HTTP/1.1\r\n",
    b"GET /websockify?token=x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"RFB 003.008\n",
    b"RFB 003.008\n\x13\0\2\0\0\1\6",
]


@pytest.mark.parametrize("way", ["plain", "tls", "vnc"])
def test_nonsense_behind_every_beginning(oriel, source, unharmed, way):
    chance = random.Random(way)
    for beginning in BEGINNINGS:
        for size in (1, 7, 64, 1500, 40000):
            dial = {"plain": raw, "tls": tls, "vnc": lambda o, s: raw(o, s, o.vnc_port)}[way]
            with dial(oriel, source) as sock, contextlib.suppress(OSError):
                sock.sendall(beginning + chance.randbytes(size))
                sock.settimeout(0.02)
                sock.recv(4096)
    served_promptly(oriel)


def test_nonsense_through_an_open_desktop(oriel, source, unharmed):
    """Who has a desktop may spoil that one session, and no more."""
    chance = random.Random(3)
    api = oriel.login("ben", source)
    for _ in range(8):
        with web(oriel, api.ticket("shared", "web"), source) as viewer:
            viewer.none()
            viewer.init()
            with contextlib.suppress(OSError):
                viewer.send(chance.randbytes(5000))
                viewer.closed()


# ---- vanishing


def test_vanishing_at_every_byte_of_a_spice_link(oriel, source, unharmed):
    context = ssl.create_default_context(cafile=oriel.ca)
    channel = spice.Channel(None, spice.MAIN)
    words = channel.mess() + struct.pack("<I", spice.AUTH_SPICE) + bytes(127)
    for cut in range(len(words)):
        sock = context.wrap_socket(raw(oriel, source), server_hostname=oriel.host)
        sock.sendall(words[:cut])
        sock.close()


def test_vanishing_at_every_byte_of_an_rfb_login(oriel, source, unharmed):
    context = ssl.create_default_context(cafile=oriel.ca)
    opening = b"RFB 003.008\n\x13\0\2\0\0\1\6"
    for cut in range(len(opening)):
        with raw(oriel, source, oriel.vnc_port) as sock:
            sock.sendall(opening[:cut])
    secret = b"nonsense"
    login = struct.pack(">II", 4, len(secret)) + b"evil" + secret[:-1]
    for cut in range(len(login) + 1):
        with rfb.Rfb.dial(oriel.host, oriel.vnc_port, source) as viewer:
            viewer.versions()
            viewer.security_types()
            viewer.vencrypt()
            viewer.choose()
            viewer.sock = context.wrap_socket(viewer.sock, server_hostname=oriel.host)
            viewer.send(login[:cut])


def test_resetting_while_a_desktop_is_asked_for(oriel, source, unharmed):
    """A reset, not a goodbye, at the moment at which the broker is at work."""
    api = oriel.login("ben", source)
    for _ in range(6):
        viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source)
        viewer.versions()
        viewer.security_types()
        viewer.vencrypt()
        viewer.choose()
        viewer.start_tls(oriel.ca)
        viewer.plain("ticket", api.ticket("shared", "vnc"))
        viewer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        viewer.sock.close()


# ---- floods


def test_three_hundred_at_once(oriel, unharmed):
    """Handshakes of every kind that go no further, while somebody else works."""
    held = []
    for n in range(300):
        where = f"127.0.{200 + n % 30}.9"
        if n % 3 == 0:
            held.append(raw(oriel, where, oriel.vnc_port))
        elif n % 3 == 1:
            held.append(tls(oriel, where))
            held[-1].sendall(b"REDQ\2\0")
        else:
            held.append(raw(oriel, where))
            held[-1].sendall(b"\x16\x03\x01\x02\x00\x01\x00")
    served_promptly(oriel)
    with web(oriel, oriel.login("ben").ticket("shared", "web")) as viewer:
        opens_web(viewer)
    for sock in held:
        sock.close()


def test_a_websocket_of_pings_only(oriel, source, unharmed):
    ticket = oriel.login("ben", source).ticket("shared", "web")
    with web(oriel, ticket, source) as viewer:
        viewer.none()
        viewer.init()
        ping = b"\x89\x80\0\0\0\0" * 20000
        viewer.sock.sock.settimeout(0.2)
        end = time.monotonic() + 2
        while time.monotonic() < end:
            with contextlib.suppress(OSError, ssl.SSLError):
                viewer.sock.sock.sendall(ping)
            served_promptly(oriel)


def test_a_message_without_end(oriel, source, unharmed):
    """Its fragments are not gathered: they cost nothing, and what they say is heard at once."""
    ticket = oriel.login("ben", source).ticket("shared", "web")
    goes_on = b"\x00\x80\0\0\0\0"
    with web(oriel, ticket, source) as viewer:
        viewer.none()
        viewer.init()
        before = memory(oriel, "gateway")
        viewer.sock.sock.sendall(b"\x02\x80\0\0\0\0" + 5000 * goes_on)
        for byte in struct.pack(">BBHHHH", 3, 0, 0, 0, 1, 1):
            viewer.sock.sock.sendall(b"\x00\x81\0\0\0\0" + bytes([byte]) + 100 * goes_on)
        assert viewer.read(16)[:4] == b"\0\0\0\1", "a picture of one pixel"
        served_promptly(oriel)
        assert memory(oriel, "gateway") - before < 8 * 1024
        with oriel.refusal("relay", "client", "a message inside another one"):
            viewer.sock.frame(ws.BINARY, b"")
            assert viewer.closed()
        assert viewer.sock.closed_with[0] == 1002


def test_a_body_that_would_inflate(oriel, source, unharmed):
    """A hundred megabytes in a hundred kilobytes: nobody unpacks what clients send."""
    bomb = gzip.compress(b'{"user":"' + b"a" * 100_000_000, 9)
    before = memory(oriel, "broker")
    with tls(oriel, source) as sock:
        sock.sendall(b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                     b"Content-Type: application/json\r\nContent-Encoding: gzip\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(bomb))
        with contextlib.suppress(OSError):
            sock.sendall(bomb)
        assert drain(sock)[:10] in (b"HTTP/1.1 4", b"")
    assert memory(oriel, "broker") - before < 32 * 1024
    served_promptly(oriel)


def test_a_viewer_that_asks_and_never_reads(oriel, source, unharmed):
    """The whole screen, again and again: what it does not take is not kept for it."""
    ticket = oriel.login("ben", source).ticket("shared", "web")

    with web(oriel, ticket, source) as viewer:
        viewer.none()
        viewer.init()
        viewer.want_raw()
        before = memory(oriel, "gateway")
        viewer.sock.sock.settimeout(0.2)
        with contextlib.suppress(OSError, ssl.SSLError):
            for _ in range(4000):
                viewer.pack("BBHHHH", 3, 0, 0, 0, *viewer.image.size)
        served_promptly(oriel)
        assert memory(oriel, "gateway") - before < 8 * 1024


def test_connect_inside_connect(oriel, source, unharmed):
    """One is served; more would be fresh deadlines without end."""
    ask = b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"
    with tls(oriel, source) as sock, oriel.refusal("greet", "client", "CONNECT"):
        sock.sendall(ask)
        assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
        sock.sendall(ask)
        assert drain(sock).startswith(b"HTTP/1.1 400 ")


def test_logins_that_nobody_answers(oriel, source, unharmed):
    """An address that opens many keeps neither itself nor others out."""
    api = oriel.api(source)
    begun = []
    for _ in range(30):
        answer = api.request("POST", "/api/v1/login", {"user": "carla"})
        assert answer.status == 202
        begun.append(answer.json["conversation"])
    assert eventually(lambda: len(procs.auth_helpers(oriel)) <= 25)
    last = {"answers": [oriel.passwords["carla"]]}
    assert api.request("POST", f"/api/v1/login/{begun[0]}", last).status == 401
    assert api.request("POST", f"/api/v1/login/{begun[-1]}", last).status == 200
    oriel.login("carla", "127.0.0.3")
    for conversation in begun:
        api.request("DELETE", f"/api/v1/login/{conversation}")


def test_passwords_are_not_guessed_through_viewers(oriel, source, unharmed):
    """As slowly as on the web page, and the right one is no exception while it lasts."""

    def attempt(password):
        with rfb.Rfb.dial(oriel.host, oriel.vnc_port, source) as viewer:
            with pytest.raises(rfb.Refused) as refusal:
                viewer.secure(oriel.ca, "mallory", password)
            return str(refusal.value)

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        words = list(pool.map(attempt, [f"guess {n}" for n in range(6)]))
    assert all("Access denied" in said for said in words)
    # The first wait is short, and may be over on a busy machine; each guess more doubles it.
    assert eventually(lambda: "Too many attempts" in attempt("guess 7"), every=0)
    api, guess = oriel.api(source), {"user": "mallory", "password": "guess 9"}
    assert eventually(lambda: api.request("POST", "/api/v1/login", guess).status == 429, every=0)


# ---- what belongs to others

CALLS = [
    ("GET", "/desktops/{}"),
    ("POST", "/desktops/{}/connect"),
    ("GET", "/desktops/{}/console.vv"),
    ("DELETE", "/sessions/{}"),
    ("POST", "/sessions/{}/end"),
]
ADMIN = [
    ("GET", "images"), ("POST", "images"), ("DELETE", "images/tiny"), ("GET", "pools"),
    ("POST", "pools"), ("DELETE", "pools/shared"), ("GET", "machines"), ("POST", "machines"),
    ("DELETE", "machines/x"), ("GET", "entitlements"), ("POST", "entitlements"),
    ("DELETE", "entitlements?pool=shared&user=ben"), ("GET", "desktops"),
    ("POST", "desktops/x/stop"), ("GET", "sessions"), ("DELETE", "sessions/x"), ("GET", "audit"),
]  # fmt: skip


def test_what_belongs_to_others(oriel, source, unharmed):
    anna, ben = oriel.login("anna", source), oriel.login("ben", source)
    with web(oriel, anna.ticket("own", "web"), source) as viewer:
        opens_web(viewer)
        (session,) = anna.get("/api/v1/sessions")
        ids = {"desktops": [anna.desktop("own"), session["desktop"], "p-own", "..%2fadmin"],
               "sessions": [session["id"]]}
        for method, path in CALLS:
            for id in ids[path.split("/")[1]]:
                body = {"protocol": "web"} if path.endswith("connect") else None
                answer = ben.request(method, "/api/v1" + path.format(id), body)
                assert answer.status == 404, (method, path, id, answer.body)
        assert ben.get("/api/v1/sessions") == []
        assert ben.request("GET", "/api/v1/sessions?all=1").status == 403
        viewer.update()
    for method, path in ADMIN:
        body = {} if method == "POST" else None
        answer = ben.request(method, f"/api/v1/admin/{path}", body)
        assert answer.status == 403, (method, path, answer.body)


SPELLINGS = ["//websockify", "/%77ebsockify", "/WEBSOCKIFY", "/websockify/", "/./websockify",
             "/websockify%3ftoken=", "/x/../websockify"]  # fmt: skip
UPGRADE = ("GET {}?token={} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")


def test_other_spellings_open_no_desktop(oriel, source, unharmed):
    """Only the gateway upgrades, and only at one path; the broker never does."""
    ticket = oriel.login("ben", source).ticket("shared", "web")
    for path in SPELLINGS:
        with tls(oriel, source) as sock:
            sock.sendall(UPGRADE.format(path, ticket).encode())
            assert int(sock.recv(4096).split()[1]) in (400, 404, 405), path
    with web(oriel, ticket, source) as viewer:
        opens_web(viewer)


def test_a_withdrawn_right(oriel, source, unharmed):
    api = oriel.login("carla", source)
    ticket = api.ticket("shared", "vnc")
    oriel.ctl("unentitle", "shared", "--user", "carla")
    try:
        with pytest.raises(rfb.Refused):
            vnc(oriel, ticket, source)
        assert api.desktops() == []
    finally:
        oriel.ctl("entitle", "shared", "--user", "carla")


def test_a_second_request_behind_a_tunnelled_one(oriel, source, unharmed):
    """Bytes behind a request reach the broker as they are: no PROXY header is believed there."""
    proxy = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([10, 9, 8, 7, 10, 0, 0, 1, 0, 9, 1, 187])
    with tls(oriel, source) as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" + proxy
                     + b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                     + b"Content-Type: application/json\r\nContent-Length: 33\r\n\r\n"
                     + b'{"user":"mallet","password":"no"}')
        drain(sock)
    assert "10.9.8.7" not in oriel.log("broker") + oriel.log("gateway")


# ---- ends


def test_a_desktop_killed_below_its_viewers(oriel, source, unharmed):
    api = oriel.login("ben", source)
    with web(oriel, api.ticket("shared", "web"), source) as viewer:
        opens_web(viewer)
        (session,) = api.get("/api/v1/sessions")
        (pid,) = [pid for pid, line in oriel.desktops_running().items()
                  if session["desktop"] in line]
        deployment.os.kill(pid, signal.SIGKILL)
        assert viewer.closed()
    with web(oriel, api.ticket("shared", "web"), source) as viewer:
        opens_web(viewer)


def test_the_broker_dies_while_two_hundred_connect(oriel, source, books):
    held = []
    try:
        for n in range(200):
            where = f"127.0.{200 + n % 30}.8"
            sock = tls(oriel, where)
            sock.sendall(UPGRADE.format("/websockify", f"{n:064}").encode())
            held.append(sock)
            if n == 100:
                oriel.signal("broker", signal.SIGKILL)
        for sock in held:
            # Who asked while it was away has waited 10 s for its return.
            assert drain(sock)[:13] in (b"HTTP/1.1 403 ", b"HTTP/1.1 503 ")
    finally:
        oriel.start_broker()
        for sock in held:
            sock.close()
    assert oriel.healthy()
    assert oriel.login("ben", source).desktops()
