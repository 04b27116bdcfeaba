# SPDX-License-Identifier: GPL-3.0-or-later
"""What TLS the ports offer, as sslscan and OpenSSL's client see it: nothing weak."""

import re
import subprocess
import xml.etree.ElementTree as tree

import pytest

GROUPS = {"x25519", "secp256r1 (NIST P-256)", "secp384r1 (NIST P-384)"}


@pytest.fixture(scope="module")
def scan(oriel):
    done = subprocess.run(
        ["sslscan", "--no-colour", "--xml=-", f"{oriel.host}:{oriel.port}"],
        capture_output=True,
        timeout=60,
        check=True,
    )
    return tree.fromstring(done.stdout).find("ssltest")


def client(oriel, *words):
    """What OpenSSL's client says of one handshake; it offers even what is thought weak."""
    command = ["openssl", "s_client", "-connect", f"{oriel.host}:{oriel.port}", *words]
    done = subprocess.run(command, input=b"", capture_output=True, timeout=20)
    return done.returncode, done.stdout.decode(errors="replace")


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


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384"])
def test_cbc_is_refused(oriel, cipher):
    code, said = client(oriel, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
    assert code != 0 and "Cipher is (NONE)" in said


def test_the_server_chooses(oriel):
    weaker_first = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
    code, said = client(oriel, "-tls1_2", "-cipher", weaker_first)
    assert code == 0 and "Cipher is ECDHE-ECDSA-AES256-GCM-SHA384" in said
