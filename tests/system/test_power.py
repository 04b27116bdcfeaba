# SPDX-License-Identifier: GPL-3.0-or-later
"""Computers that are there already: switched on by Wake-on-LAN, IPMI and Redfish, and left alone while
somebody sits at them."""

import base64
import contextlib
import http.server
import json
import socket
import ssl
import subprocess
import threading

import pytest

import deployment
import oriel as clients
from deployment import eventually
from desktops import vnc
from drivers import POWER, RUNNING, STOPPED, SURVIVES, Check, Greeter

PASSWORD = "geh#eim's"
MAC = "52:54:00:ab:cd:ef"
MAGIC = b"\xff" * 6 + bytes.fromhex(MAC.replace(":", "")) * 16


class Computer:
    """What is switched: its display answers while there is current."""

    def __init__(self):
        self.port = deployment.free_port()
        self.listener = None
        self.lock = threading.Lock()

    @property
    def on(self):
        return self.listener is not None

    def switch(self, on):
        with self.lock:
            if on and not self.listener:
                self.listener = socket.create_server(("127.0.0.1", self.port))
                Greeter(self.listener)
            elif not on and self.listener:
                with contextlib.suppress(OSError):
                    self.listener.shutdown(socket.SHUT_RDWR)
                self.listener.close()
                self.listener = None

    def check(self, directory, power, **more):
        machine = {"address": f"127.0.0.1:{self.port}", "protocol": "vnc", "power": power, **more}
        check = Check(directory, machine, "machine")
        assert check.opened["caps"] == POWER | SURVIVES
        return check


@pytest.fixture
def computer():
    made = Computer()
    yield made
    made.switch(False)


def test_wake_on_lan(tmp_path, computer):
    """The packet comes; the display does a little later, and is waited for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as card:
        card.bind(("127.0.0.1", 0))
        card.settimeout(90)
        heard = []

        def sleep():
            heard.append(card.recv(2000))
            threading.Timer(1, computer.switch, [True]).start()

        sleeper = threading.Thread(target=sleep)
        sleeper.start()
        check = computer.check(tmp_path, f"wol:{MAC}@127.0.0.1:{card.getsockname()[1]}")
        assert check.state() == STOPPED
        check.done("start", "d-1")
        assert check.done("display", "d-1", "vnc")["greeting"] == "RFB 003.008"
        sleeper.join()
    assert heard == [MAGIC]
    assert check.state() == RUNNING
    assert check("stop", "d-1")["fault"] == "client"
    check.end()


class ServiceProcessor:
    """OpenIPMI's simulator of a BMC; what it does to the chassis is in a file."""

    LAN = """\
name "bmc"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 {port}
    priv_limit admin
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "{directory}/chassis"
  startnow false
  user 2 true "admin" "{password}" admin 10 none md2 md5 straight
"""
    BOARD = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
mc_enable 0x20
"""
    CHASSIS = """\
#!/bin/sh
case "$1 $2" in
"get power") echo "power:$(cat {directory}/power)" ;;
"set power") echo "$3" >{directory}/power ;;
"set shutdown") echo 0 >{directory}/power ;;
esac
"""

    def __init__(self, directory):
        self.port = deployment.free_port()
        self.power = directory / "power"
        self.power.write_text("0\n")
        words = {"port": self.port, "directory": directory, "password": PASSWORD}
        (directory / "lan.conf").write_text(self.LAN.format(**words))
        (directory / "board.emu").write_text(self.BOARD)
        (directory / "chassis").write_text(self.CHASSIS.format(**words))
        (directory / "chassis").chmod(0o755)
        self.process = subprocess.Popen(
            ["ipmi_sim", "-c", directory / "lan.conf", "-f", directory / "board.emu",
             "-s", directory / "state", "-n"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    def is_on(self):
        return self.power.read_text().strip() == "1"

    def end(self):
        self.process.terminate()
        self.process.wait(60)


def test_ipmi(tmp_path, computer):
    processor = ServiceProcessor(tmp_path)
    check = computer.check(tmp_path, f"ipmi:admin@127.0.0.1:{processor.port}",
                           power_secret=PASSWORD)
    try:
        assert eventually(lambda: "fault" not in check("start", "d-1"), 120)
        assert processor.is_on()
        check.done("start", "d-1")
        computer.switch(True)
        assert check.done("display", "d-1", "vnc")["greeting"] == "RFB 003.008"
        computer.switch(False)
        for order in ("stop", "force"):
            check.done("start", "d-1")
            assert processor.is_on()
            check.done(order, "d-1")
            assert not processor.is_on()
        wrong = computer.check(tmp_path, f"ipmi:admin@127.0.0.1:{processor.port}",
                               power_secret="wrong")
        refusal = wrong("start", "d-1")
        assert refusal["fault"] == "desktop" and "wrong" not in refusal["message"]
        assert not processor.is_on()
        wrong.end()
    finally:
        check.end()
        processor.end()


class Redfish(http.server.BaseHTTPRequestHandler):
    """The part of DSP0266 that matters, with the names and shapes of DMTF's mockups."""

    ROOT, ID = "/redfish/v1", "437XR1138R2"
    SYSTEM = f"{ROOT}/Systems/{ID}"
    RESET = f"{SYSTEM}/Actions/ComputerSystem.Reset"

    def answer(self, status, body=None):
        text = json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        self.send_header("OData-Version", "4.0")
        if text:
            self.send_header("Content-Type", "application/json;odata.metadata=minimal")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def refused(self):
        wanted = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        if self.headers["Authorization"] == wanted:
            return False
        self.complain(401, "Base.1.8.1.InsufficientPrivilege", "There is no valid session.")
        return True

    def complain(self, status, identity, words):
        self.answer(status, {"error": {
            "code": "Base.1.8.1.GeneralError", "message": "A general error has occurred.",
            "@Message.ExtendedInfo": [{
                "@odata.type": "#Message.v1_1_1.Message", "MessageId": identity,
                "Message": words, "Severity": "Critical",
            }],
        }})

    def do_GET(self):
        if self.refused():
            return
        if self.path == f"{self.ROOT}/Systems":
            self.answer(200, {
                "@odata.type": "#ComputerSystemCollection.ComputerSystemCollection",
                "Name": "Computer System Collection", "Members@odata.count": 1,
                "Members": [{"@odata.id": self.SYSTEM}], "@odata.id": self.path,
            })
        elif self.path == self.SYSTEM:
            self.answer(200, {
                "@odata.type": "#ComputerSystem.v1_13_0.ComputerSystem", "Id": self.ID,
                "Name": "WebFrontEnd483", "SystemType": "Physical",
                "Status": {"State": "Enabled", "Health": "OK"},
                "PowerState": "On" if self.server.computer.on else "Off",
                "Actions": {"#ComputerSystem.Reset": {
                    "target": self.RESET,
                    "ResetType@Redfish.AllowableValues": ["On", "ForceOff", "GracefulShutdown"],
                }},
                "@odata.id": self.path,
            })
        else:
            self.complain(404, "Base.1.8.1.ResourceMissingAtURI", "It is not there.")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.refused():
            return
        if self.path != self.RESET or set(body) != {"ResetType"}:
            self.complain(400, "Base.1.8.1.ActionParameterUnknown", "That is no reset.")
            return
        self.server.orders.append(body["ResetType"])
        self.server.computer.switch(body["ResetType"] == "On")
        self.answer(204)

    def log_message(self, *_):
        pass


@pytest.fixture
def service(tmp_path, computer):
    """A service processor that speaks Redfish under a certificate of its site."""
    subprocess.run([deployment.SOURCE / "config/demo/certificate", tmp_path, "localhost"],
                   check=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redfish)
    server.computer, server.orders, server.ca = computer, [], tmp_path / "ca.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_redfish(tmp_path, computer, service):
    base = f"redfish:https://admin@localhost:{service.server_address[1]}"
    right = {"power_secret": PASSWORD, "power_ca": str(service.ca)}
    for power in (base, f"{base}{Redfish.SYSTEM}"):
        check = computer.check(tmp_path, power, **right)
        assert check.state() == STOPPED
        check.done("start", "d-1")
        assert check.done("display", "d-1", "vnc")["greeting"] == "RFB 003.008"
        check.done("start", "d-1")  # it is on: nothing is ordered
        check.done("stop", "d-1")
        assert check.state() == STOPPED
        check.end()
    assert service.orders == ["On", "GracefulShutdown"] * 2
    for wrong, words in (
        ({**right, "power_secret": "falsch"}, "no valid session"),
        ({**right, "power_ca": "/etc/ssl/certs/ca-certificates.crt"}, "certificate"),
    ):
        check = computer.check(tmp_path, base, **wrong)
        refusal = check("start", "d-1")
        assert refusal["fault"] == "desktop" and words in refusal["message"], refusal
        assert "falsch" not in refusal["message"]
        check.end()
    assert len(service.orders) == 4


@pytest.fixture
def sleeping(oriel):
    """A machine in a pool of its own that wakes up as an X server with a VNC display."""
    port, servers = deployment.free_port(), []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as card:
        card.bind(("127.0.0.1", 0))

        def sleep():
            with contextlib.suppress(OSError):
                if card.recv(2000) == MAGIC:
                    servers.append(subprocess.Popen(
                        ["Xtigervnc", f":{port}", "-rfbport", str(port), "-localhost",
                         "-SecurityTypes", "None", "-nolisten", "tcp", "-nolisten", "unix"],
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    ))

        sleeper = threading.Thread(target=sleep, daemon=True)
        sleeper.start()
        oriel.ctl("pool", "add", "desks", "--kind", "machines")
        oriel.ctl("entitle", "desks", "--user", "anna")
        oriel.ctl("entitle", "desks", "--user", "ben")
        id = oriel.ctl("machine", "add", "desks", "pc1", "--protocol", "vnc", "--address",
                       f"127.0.0.1:{port}", "--power",
                       f"wol:{MAC}@127.0.0.1:{card.getsockname()[1]}").strip()
        yield id
        oriel.ctl("machine", "remove", id)
        oriel.ctl("pool", "remove", "desks")
        card.shutdown(socket.SHUT_RDWR) if sleeper.is_alive() and not servers else None
    for server in servers:
        server.terminate()
        server.wait(60)


def presence(oriel, tmp_path, machine, token, who):
    """The script of such a computer, where who(1) prints that."""
    (tmp_path / "token").write_text(f"{token}\n")
    (tmp_path / "who").write_text(f"#!/bin/sh\ncat <<'E'\n{who}\nE\n")
    (tmp_path / "who").chmod(0o755)
    script = deployment.SOURCE / "config/machine/oriel-presence"
    url = f"https://{oriel.host}:{oriel.port}"
    subprocess.run([script, url, machine, tmp_path / "token"], check=True, timeout=60,
                   env={"PATH": f"{tmp_path}:/usr/bin:/bin", "CURL_CA_BUNDLE": str(oriel.ca)})


def says(oriel, machine, token, **body):
    return oriel.api().request("POST", f"/api/v1/machines/{machine}/local", body,
                               {"Authorization": f"Bearer {token}"}).status


def test_a_computer_that_sleeps_and_one_in_use(oriel, source, sleeping, books, tmp_path):
    token = oriel.ctl("machine", "token", sleeping).strip()
    assert says(oriel, sleeping, "x" * 43, user="ben") == 403
    presence(oriel, tmp_path, sleeping, token,
             "eve pts/3 2026-01-01 (192.0.2.7)\nben tty7 2026-01-01 (:0)")
    anna = oriel.login("anna", source)
    with pytest.raises(clients.Refused, match="409|503"):
        anna.post(f"/api/v1/desktops/{sleeping}/connect", {"protocol": "vnc"})
    (card,) = [row for row in anna.desktops() if row["id"] == sleeping]
    assert card["detail"] == "Somebody is sitting at it"
    with pytest.raises(AssertionError, match="ben sits at pc1"):
        oriel.ctl("desktop", "stop", sleeping)
    presence(oriel, tmp_path, sleeping, token, "")

    # The click wakes it up and waits for its display.
    with vnc(oriel, source, "anna/desks") as viewer:
        viewer.want_raw()
        assert viewer.update().size == (1024, 768)
