# SPDX-License-Identifier: GPL-3.0-or-later
"""What TLS the ports offer, as sslscan, testssl.sh and OpenSSL's client see it: nothing weak."""

import json
import re
import socket
import ssl
import struct
import subprocess
import xml.etree.ElementTree as tree

import pytest

GROUPS = {"x25519", "secp256r1 (NIST P-256)", "secp384r1 (NIST P-384)"}


@pytest.fixture(scope="module")
def scan(oriel):
    done = subprocess.run(
        ["sslscan", "--no-colour", "--xml=-", f"{oriel.host}:{oriel.port}"],
        capture_output=True,
        timeout=300,
        check=True,
    )
    return tree.fromstring(done.stdout).find("ssltest")


def client(oriel, *words, said=b""):
    """What OpenSSL's client says of one handshake; it offers even what is thought weak. Who says
    something stays until the gateway ends it: at the end of its input the client would."""
    command = ["openssl", "s_client", "-connect", f"{oriel.host}:{oriel.port}", *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        process.stdin.write(said)
        process.stdin.flush()
        if not said:
            process.stdin.close()
        try:
            code = process.wait(120)
        finally:
            process.kill()
        return code, process.stdout.read().decode(errors="replace")


def test_versions(scan):
    enabled = {
        (row.get("type"), row.get("version"))
        for row in scan.iter("protocol")
        if row.get("enabled") == "1"
    }
    assert enabled == {("tls", "1.2"), ("tls", "1.3")}


def test_ciphers(scan):
    """A fresh key for each connection, and encryption that authenticates: no CBC, no RSA."""
    offered = [(row.get("sslversion"), row.get("cipher")) for row in scan.iter("cipher")]
    assert {version for version, _ in offered} == {"TLSv1.2", "TLSv1.3"}
    for version, cipher in offered:
        begin = "TLS_" if version == "TLSv1.3" else "ECDHE-"
        assert cipher.startswith(begin) and re.search("GCM|CHACHA20", cipher), cipher


def test_groups(scan):
    assert {row.get("name") for row in scan.iter("group")} == GROUPS


def test_no_renegotiation(scan):
    assert scan.find("renegotiation").get("supported") == "0"


def test_who_asks_for_renegotiation(oriel, books):
    """It is told no, at once, and the log says who asked."""
    with oriel.refusal("(sniff|greet)", "client", "handshake failure"):
        code, said = client(oriel, "-tls1_2", said=b"R\n")
    assert code != 0 and "Cipher is ECDHE" in said


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384"])
def test_cbc_is_refused(oriel, cipher):
    code, said = client(oriel, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
    assert code != 0 and "Cipher is (NONE)" in said


def test_the_server_chooses(oriel):
    weaker_first = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
    code, said = client(oriel, "-tls1_2", "-cipher", weaker_first)
    assert code == 0 and "Cipher is ECDHE-ECDSA-AES256-GCM-SHA384" in said


def ask_health(tls):
    tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert tls.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_a_browser_comes_back_without_a_whole_handshake(oriel):
    """It has a ticket with the first answer, and another one each time; each worker knows its own."""
    context = ssl.create_default_context(cafile=oriel.ca)
    session, reused = None, 0
    for _ in range(40):
        line = socket.create_connection((oriel.host, oriel.port), timeout=30)
        with context.wrap_socket(line, server_hostname="localhost", session=session) as tls:
            assert tls.version() == "TLSv1.3"
            ask_health(tls)
            reused += tls.session_reused
            session = tls.session
            assert session.has_ticket
        if reused > 1:
            return
    raise AssertionError(f"{reused} of 40 were resumed")


def test_a_websocket_renews_the_ticket_that_opened_it(oriel):
    """And gives none to who had none: a program, most likely."""
    context = ssl.create_default_context(cafile=oriel.ca)
    session = None
    for _ in range(40):
        line = socket.create_connection((oriel.host, oriel.port), timeout=30)
        with context.wrap_socket(line, server_hostname="localhost", session=session) as tls:
            tls.sendall(
                b"GET /websockify?token=none HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
            assert tls.recv(4096).startswith(b"HTTP/1.1 ")
            given = bool(tls.session and tls.session.has_ticket and tls.session != session)
            assert given == tls.session_reused
            if given:
                return
        line = socket.create_connection((oriel.host, oriel.port), timeout=30)
        with context.wrap_socket(line, server_hostname="localhost") as tls:
            ask_health(tls)
            session = tls.session  # good at one of the workers
    raise AssertionError("none of 40 was resumed")


def test_a_spice_viewer_gets_no_tickets(oriel):
    """It would not use them."""
    context = ssl.create_default_context(cafile=oriel.ca)
    line = socket.create_connection((oriel.host, oriel.port), timeout=30)
    with context.wrap_socket(line, server_hostname="localhost") as tls:
        tls.sendall(b"REDQ" + struct.pack("<IIIIBBIII", 2, 2, 18 + 4, 0, 1, 0, 1, 0, 18) + struct.pack("<I", 0xB))
        assert tls.recv(4) == b"REDQ"
        assert not (tls.session and tls.session.has_ticket)


WEAK = {"LOW", "MEDIUM", "HIGH", "CRITICAL"}
# The demo's own authority publishes no list of what it took back; a real one does.
OF_THE_DEMO = {"cert_revocation"}


def test_testssl(oriel, tmp_path):
    """Protocols, preferences, forward secrecy, the certificate, headers, every attack it knows."""
    report = tmp_path / "testssl.json"
    command = ["testssl", "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none"]
    command += ["--fast", "-p", "-P", "-f", "-S", "-h", "-U", "--ip", oriel.host]
    command += ["--add-ca", oriel.ca, "--jsonfile", report, f"localhost:{oriel.port}"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, timeout=900)
    found = {row["id"]: row for row in json.loads(report.read_text())}
    # Its exit status counts what it could not find out. Its OpenSSL client, with nothing to say,
    # may leave before the ticket comes, and then it has no session to go on with.
    unclear = [row["id"] for row in found.values() if "connect problem" in row["finding"]]
    assert done.returncode == len(unclear) and unclear in ([], ["sessionresumption_ticket"])
    for looked_at in ("TLS1_3", "PFS", "cert_chain_of_trust", "HSTS_time", "secure_client_renego",
                      "heartbleed", "ROBOT", "CRIME_TLS", "LUCKY13"):
        assert found[looked_at]["severity"] == "OK", found[looked_at]
    weak = [row for row in found.values() if row["severity"] in WEAK]
    assert [row for row in weak if row["id"] not in OF_THE_DEMO] == []
