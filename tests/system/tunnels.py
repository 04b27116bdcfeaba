# SPDX-License-Identifier: GPL-3.0-or-later
"""Both ends of an oriel-tunnel, and the authority that signs their certificates."""

import contextlib
import datetime
import http.client
import os
import re

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deployment import eventually

BROKER, GATEWAY = "broker.inside.example", "gateway.dmz.example"


class Authority:
    def __init__(self, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(name, self.key, name, self.key, True)

    def _sign(self, name, key, issuer, by, authority):
        def as_name(text):
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder().subject_name(as_name(name)).issuer_name(as_name(issuer))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(authority, None), True)
        )
        if not authority:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name)]), False
            )
        return builder.sign(by, hashes.SHA256())

    def issue(self, directory, file, name, owner):
        """FILE.crt and FILE.key for that name."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self.certificate.subject.rfc4514_string().removeprefix("CN=")
        certificate = self._sign(name, key, issuer, self.key, False)
        pem = serialization.Encoding.PEM
        (directory / f"{file}.crt").write_bytes(certificate.public_bytes(pem))
        path = directory / f"{file}.key"
        path.write_bytes(key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        path.chmod(0o600)
        os.chown(path, owner, owner)


def configure(system, name, certificate, peer, more, broker=None):
    """NAME.conf: one end of a tunnel to that broker, or to the system's own."""
    certs = system.path("certs")
    known = (broker or system).options["sockets"]
    sockets = "\n".join(f"{key} = {path}" for key, path in known.items())
    system.path(f"{name}.conf").write_text(
        f"[tunnel]\n{more}\ncertificate = {certs}/{certificate}.crt\n"
        f"key = {certs}/{certificate}.key\nca = {certs}/ca.pem\npeers = {peer}\n"
        f"[sockets]\n{sockets}\n")


def start_tunnel(system, name, conf=None):
    before = len(system.log(name)) if name in system.daemons else 0
    system._start(name, [system.path("bin/oriel-tunnel"), "--config",
                         system.path(f"{conf or name}.conf")], system.gateway_uid)
    assert eventually(lambda: re.search("ready$", system.log(name)[before:], re.M)), system.tail(name)


def status(dmz):
    """What the gateway says of the broker; None while a connection breaks in the middle."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        return dmz.api().request("GET", "/healthz").status
    return None
