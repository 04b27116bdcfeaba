# SPDX-License-Identifier: GPL-3.0-or-later
"""SPICE, byte by byte: one ticket for a session of many connections, good and bad."""

import contextlib
import ssl
import struct

import pytest

import spice
import ws
from deployment import eventually


@pytest.fixture
def dial(oriel, source):
    return lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source)


@pytest.fixture
def api(oriel, source):
    return oriel.login("ben", source)


@contextlib.contextmanager
def session(dial, ticket):
    opened = spice.Session(dial, ticket)
    try:
        yield opened
    finally:
        opened.close()


def test_a_session_of_several_channels(dial, api, books):
    with session(dial, api.ticket("shared", "spice")) as viewer:
        kinds = {kind for kind, _ in viewer.attach()}
        assert {spice.DISPLAY, spice.INPUTS, spice.CURSOR} <= kinds
        viewer.display()
        viewer.open(spice.INPUTS)
        assert len(api.sessions()) >= 1


def test_the_vv_file(oriel, api, books):
    text, keys = api.console("shared")
    assert text.startswith("[virt-viewer]")
    assert keys["type"] == "spice" and keys["host"] == oriel.host
    assert int(keys["tls-port"]) == oriel.port and len(keys["password"]) < 60
    assert "BEGIN CERTIFICATE" in keys["ca"] and keys["delete-this-file"] == "1"


@pytest.mark.parametrize("ticket", ["a" * 43, "", "x"])
def test_an_invented_ticket(oriel, dial, books, ticket):
    with spice.Channel(dial(), spice.MAIN) as main, oriel.refusal("redeem|greet", "denied"):
        with pytest.raises(spice.Refused) as refusal:
            main.link(ticket)
        assert refusal.value.code == spice.PERMISSION_DENIED


def test_a_ticket_of_another_protocol(oriel, dial, api, books):
    ticket = api.ticket("shared", "vnc")
    with spice.Channel(dial(), spice.MAIN) as main, oriel.refusal("redeem", "denied"):
        with pytest.raises(spice.Refused):
            main.link(ticket)


def test_a_spent_ticket(oriel, dial, api, books):
    ticket = api.ticket("shared", "spice")
    with session(dial, ticket) as viewer:
        viewer.attach()
        with spice.Channel(dial(), spice.MAIN) as main, oriel.refusal("redeem", "denied"):
            with pytest.raises(spice.Refused):
                main.link(ticket)


def test_a_foreign_session(oriel, dial, api, source, books):
    """A channel joins the session of its own ticket and no other."""
    carla = oriel.login("carla", source)
    with session(dial, api.ticket("shared", "spice")) as mine:
        with session(dial, carla.ticket("shared", "spice")) as other:
            with spice.Channel(dial(), spice.DISPLAY, mine.id) as thief:
                with oriel.refusal("redeem", "denied"), pytest.raises(spice.Refused):
                    thief.link(other.ticket)


def test_an_invented_session(oriel, dial, api, books):
    with session(dial, api.ticket("shared", "spice")) as viewer:
        with spice.Channel(dial(), spice.DISPLAY, viewer.id ^ 0x5A5A5A) as lost:
            with oriel.refusal("redeem", "denied|not-found"):
                with pytest.raises((spice.Refused, spice.Gone)):
                    lost.link(viewer.ticket)


@pytest.mark.parametrize(
    "head",
    [
        struct.pack("<4sIII", b"REDQ", 9, 0, 26),
        struct.pack("<4sIII", b"REDQ", 2, 2, 0xFFFFFFFF),
        struct.pack("<4sIII", b"REDQ", 2, 2, 4097),
        struct.pack("<4sIII", b"REDQ", 2, 2, 3),
        struct.pack("<4sIIIIBBIII", b"REDQ", 2, 2, 18, 0, 1, 0, 0xFFFFFFFF, 0xFFFFFFFF, 18),
        struct.pack("<4sIIIIBBIII", b"REDQ", 2, 2, 18, 0, 1, 0, 1, 1, 0xFFFFFFFF),
    ],
    ids=["version", "endless", "long", "short", "caps", "offset"],
)
def test_crooked_heads(oriel, dial, books, head):
    with spice.Channel(dial(), spice.MAIN) as main, oriel.refusal("greet", "client"):
        main.sock.sendall(head)
        with contextlib.suppress(spice.Refused, spice.Gone):
            main.reply()
        assert main.closed()


class Inner:
    """TLS over a stream that is TLS already: sendall(), recv(), close()."""

    def __init__(self, below, oriel):
        self.below, self.come, self.gone = below, ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=oriel.ca)
        self.tls = context.wrap_bio(self.come, self.gone, server_hostname=oriel.host)
        self._until(self.tls.do_handshake)

    def _until(self, step):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self._send()
                bytes = self.below.recv(65536)
                assert bytes, "the gateway hung up"
                self.come.write(bytes)
            finally:
                self._send()

    def _send(self):
        if self.gone.pending:
            self.below.sendall(self.gone.read())

    def sendall(self, bytes):
        self._until(lambda: self.tls.write(bytes))

    def recv(self, n):
        return self._until(lambda: self.tls.read(n))

    def settimeout(self, seconds):
        self.below.settimeout(seconds)

    def close(self):
        self.below.close()


@pytest.mark.parametrize("inside", ["plain", "TLS"])
def test_through_http_connect(oriel, source, api, books, inside):
    """For people behind a proxy: every channel in a tunnel of its own, TLS inside or not."""

    def tunnel():
        sock = ws.tls(oriel.host, oriel.port, oriel.ca, source)
        sock.sendall(b"CONNECT desktop.oriel:5900 HTTP/1.0\r\nHost: desktop.oriel\r\n\r\n")
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            byte = sock.recv(1)
            assert byte, answer
            answer += byte
        assert b" 200 " in answer.split(b"\r\n")[0]
        return Inner(sock, oriel) if inside == "TLS" else sock

    with session(tunnel, api.ticket("shared", "spice")) as viewer:
        viewer.attach()
        viewer.display()


INIT = struct.pack("<HIBqBi", spice.DISPLAY_INIT, 14, 1, 20 << 20, 1, 1 << 20)
NONSENSE = struct.pack("<HI3s", 9999, 3, b"abc")


def test_clients_that_vanish_do_not_take_the_desktop_with_them(oriel, dial, api, books):
    """libspice-server dies, and QEMU with it, when a display channel is linked and ends before its
    DISPLAY_INIT has come and been handled, or when another message cannot be parsed meanwhile.
    50 viewers do each of these."""
    ticket = api.connect("shared", "spice")
    name = ticket["desktop"]["name"] if "desktop" in ticket else ticket["desktop_name"]
    (id,) = [row["id"] for row in oriel.rows("desktops") if row["name"] == name]

    def processes():
        return {pid for pid, line in oriel.desktops_running().items() if id in line}

    before = processes()
    with session(dial, ticket["ticket"]) as viewer:
        viewer.attach()
        for last_words in (b"", INIT[:9], INIT, INIT + NONSENSE):
            for _ in range(50):
                lost = spice.Channel(dial(), spice.DISPLAY, viewer.id)
                lost.begin(viewer.ticket)
                with contextlib.suppress(spice.Gone, spice.Refused):
                    lost.result()
                    lost.sock.sendall(last_words)
                lost.close()

        def shows():
            with contextlib.suppress(spice.Gone):
                viewer.display()
                return True

        # The gateway holds an abandoned line for 10 s: so long it is this session's display, and
        # another one is told so.
        assert eventually(shows, 90, 0.5), "the desktop has no picture any more"
        assert before and before == processes()


def test_user_and_password(oriel, dial, books):
    """People log in from their viewer (SASL), on every channel, and choose a desktop by name."""
    for user in ("ben", "ben/shared"):
        with spice.Channel(dial(), spice.MAIN) as main:
            main.login(user, oriel.passwords["ben"])
            (session_id,) = struct.unpack("<I", main.wait(spice.MAIN_INIT)[:4])
            with spice.Channel(dial(), spice.INPUTS, session_id) as inputs:
                inputs.login(user, oriel.passwords["ben"])
            with spice.Channel(dial(), spice.INPUTS, session_id) as inputs:
                with oriel.refusal("redeem", "denied"), pytest.raises(spice.Refused):
                    inputs.login(user, "not ben's")


def test_wrong_user_and_password(oriel, dial, books):
    for user in ("ben", "nobody-of-that-name"):
        with spice.Channel(dial(), spice.MAIN) as main, oriel.refusal("redeem", "denied"):
            with pytest.raises(spice.Refused) as refusal:
                main.login(user, "wrong")
            assert refusal.value.code == spice.PERMISSION_DENIED


def test_a_ticket_as_the_password_of_its_user(dial, api, books):
    """What viewers do with our .vv where user and password are served."""
    with spice.Channel(dial(), spice.MAIN) as main:
        main.login("ticket", api.ticket("shared", "spice"))
        main.wait(spice.MAIN_INIT)


def test_records_end_where_messages_end(oriel, dial, api, books):
    """spice-gtk stalls on a TLS record that holds the end of one message and the start of the
    next; so each record begins with a message's head or is the middle of one."""
    with session(dial, api.ticket("shared", "spice")) as viewer:
        viewer.attach()
        display = viewer.open(spice.DISPLAY)
        display.send(spice.DISPLAY_INIT, struct.pack("<BqBi", 1, 20 << 20, 1, 1 << 20))
        rest = 0
        records = 0
        head = b""
        with contextlib.suppress(TimeoutError, ssl.SSLError):
            while records < 300:
                display.sock.settimeout(3 if records > 3 else 60)
                record = display.sock.recv(1 << 15)  # at most one TLS record
                assert record
                records += 1
                while record:
                    if rest == 0:
                        head += record[: 6 - len(head)]
                        record = record[len(head) :] if len(head) < 6 else record[6:]
                        assert len(head) == 6, "a message's head is cut"
                        (rest,) = struct.unpack("<xxI", head)
                        head = b""
                    taken = min(rest, len(record))
                    rest -= taken
                    record = record[taken:]
                    assert not record or taken == 0 or rest, "two messages in one record"
        assert records > 3


def test_who_hangs_up_leaves_nothing(oriel, dial, api, books):
    for stage in range(5):
        sock = dial()
        main = spice.Channel(sock, spice.MAIN)
        if stage > 0:
            sock.sendall(main.mess()[: 10 if stage == 1 else None])
        if stage > 2:
            main.reply()
        if stage > 3:
            sock.sendall(struct.pack("<I", spice.AUTH_SPICE) + b"\0" * 50)
        main.close()
    ticket = api.ticket("shared", "spice")
    viewer = spice.Session(dial, ticket)
    viewer.close()
    assert eventually(lambda: not [row for row in api.sessions() if row["state"] != "ended"])
