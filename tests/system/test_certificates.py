# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates are renewed, broken and vouched for, while people work."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import time

import deployment
import pytest
from deployment import eventually
from generations import alive, moving, reloaded, replace, replace_fresh, workers


@pytest.fixture
def session(oriel, source):
    with moving(oriel, source) as viewer:
        yield viewer


def serial(oriel):
    """Of the certificate that a new connection is shown."""
    context = ssl.create_default_context(cafile=oriel.ca)
    with socket.create_connection((oriel.host, oriel.port), 60) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as tls:
            return tls.getpeercert()["serialNumber"]


@contextlib.contextmanager
def other_certificate(oriel, directory):
    """A new one by the same CA; the old one again afterwards."""
    files = {name: oriel.path("tls") / name for name in ("tls.crt", "tls.key")}
    old = {name: file.read_bytes() for name, file in files.items()}
    for name in ("ca.pem", "ca.key"):
        shutil.copy(oriel.path("tls") / name, directory)
    subprocess.run(
        [deployment.SOURCE / "config/demo/certificate", directory, "localhost"], check=True
    )
    yield {name: (directory / name).read_bytes() for name in files}
    with oriel.logged("gateway", "took the new certificate"):
        for name, file in files.items():
            replace(file, old[name])


def test_a_renewal_by_certbot_is_picked_up(oriel, session, tmp_path):
    """Links in one directory are made to lead to new files in another. (Under the old names, as other
    ACME clients put them, the old ones come back in the end.)"""
    before, archive = serial(oriel), oriel.path("archive")
    archive.mkdir()
    archive.chmod(0o711)
    for name in ("tls.crt", "tls.key"):
        file = oriel.path("tls") / name
        file.rename(archive / f"1-{name}")
        file.symlink_to(f"../archive/1-{name}")
    reloaded(oriel)
    with other_certificate(oriel, tmp_path) as new:
        with oriel.logged("gateway", "took the new certificate"):
            for name, content in new.items():
                replace_fresh(archive / f"2-{name}", content, archive / f"1-{name}")
                (oriel.path("tls") / name).unlink()
                (oriel.path("tls") / name).symlink_to(f"../archive/2-{name}")
        assert eventually(lambda: all(serial(oriel) != before for _ in range(8)))
        alive(session)


def looks_again(oriel):
    """The parent has looked at the certificate's files once more: it does every other time that it waits
    for a signal in vain, which is when it sleeps."""

    def slept():
        status = pathlib.Path(f"/proc/{oriel.daemons['gateway'].pid}/status").read_text()
        return int(status.split("voluntary_ctxt_switches:")[1].split()[0])

    before = slept()
    assert eventually(lambda: slept() >= before + 4)


def test_a_broken_certificate_is_told_once(oriel):
    """The old one goes on; only a worker that starts anew has to wait for a good one."""
    file, before = oriel.path("tls/tls.crt"), serial(oriel)
    good = file.read_bytes()
    told = "old certificate stays"
    with oriel.logged("gateway", told, r"tls\.crt"):
        count = oriel.log("gateway").count(told)
        replace(file, b"nonsense\n")
        assert eventually(lambda: oriel.log("gateway").count(told) > count), oriel.tail("gateway")
        looks_again(oriel)
    assert all(serial(oriel) == before for _ in range(8))
    os.kill(min(workers(oriel)), signal.SIGKILL)
    time.sleep(1.5)
    assert not oriel.ended("gateway")
    replace(file, good)
    assert eventually(lambda: len(workers(oriel)) == 2)
    assert all(serial(oriel) == before for _ in range(8))


def ocsp_response(oriel, directory, status, days=2):
    """What the demo's CA says of the certificate, as a responder would: V = good, R = revoked."""
    ca, certificate = oriel.path("tls/ca.pem"), oriel.path("tls/tls.crt")

    def openssl(*words):
        run = subprocess.run(["openssl", *map(str, words)], cwd=directory, capture_output=True,
                             text=True)
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    number = openssl("x509", "-in", certificate, "-noout", "-serial").split("=")[1]
    revoked = "250101000000Z" if status == "R" else ""
    (directory / "index").write_text(f"{status}\t491231235959Z\t{revoked}\t{number}\tunknown\t/CN=x\n")
    openssl("ocsp", "-issuer", ca, "-cert", certificate, "-no_nonce", "-reqout", "request")
    openssl("ocsp", "-index", "index", "-CA", ca, "-rsigner", ca, "-rkey", oriel.path("tls/ca.key"),
            "-reqin", "request", "-respout", "response", *(("-ndays", days) if days else ()))
    return (directory / "response").read_bytes()


def stapled(oriel, port):
    """What a client that asks for it is told."""
    words = ["openssl", "s_client", "-connect", f"{oriel.host}:{port}", "-status", "-CAfile", oriel.ca]
    answer = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return "Cert Status: good" in answer.stdout


def test_an_ocsp_response_is_stapled_while_it_is_good(oriel, tmp_path):
    path, file = oriel.path("oriel.conf"), oriel.path("tls/tls.ocsp")
    text = path.read_text()
    replace_fresh(file, ocsp_response(oriel, tmp_path, "V"), oriel.path("tls/tls.crt"))
    try:
        path.write_text(text.replace("[broker]", f"ocsp = {file}\n[broker]"))
        reloaded(oriel)
        assert stapled(oriel, oriel.port)
        for bad, why in (
            (ocsp_response(oriel, tmp_path, "R"), "revoked"),
            (ocsp_response(oriel, tmp_path, "V", days=None), "has no end"),
            (b"nonsense", "no OCSP response"),
        ):
            with oriel.logged("gateway", "nothing is stapled", why):
                replace_fresh(file, bad, oriel.path("tls/tls.crt"))
            assert eventually(lambda: not any(stapled(oriel, oriel.port) for _ in range(4)))
        replace_fresh(file, ocsp_response(oriel, tmp_path, "V"), oriel.path("tls/tls.crt"))
        assert eventually(lambda: all(stapled(oriel, oriel.port) for _ in range(4)))
    finally:
        path.write_text(text)
        file.unlink()
        reloaded(oriel)
    assert not stapled(oriel, oriel.port)
