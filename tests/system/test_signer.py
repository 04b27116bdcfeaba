# SPDX-License-Identifier: GPL-3.0-or-later
"""The TLS key is in the signers' memory and in nobody else's; connections are made with it all the same,
while it is renewed, and after a signer was lost."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import threading

import pytest
import rfb
from deployment import command_name, eventually, parent, processes_of
from generations import Knocking, alive, moving, reloaded, replace, worker_of, workers
from peer import has_heard
from sandboxes import OPEN_BUILD, confined, shut_in

VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


@pytest.fixture
def session(oriel, source):
    with moving(oriel, source) as viewer:
        yield viewer


# ---- who has the key


def signers(oriel):
    """{worker: its signer}"""
    found = [p for p in processes_of(oriel.gateway_uid) if command_name(p) == "oriel-signer"]
    return {parent(pid): pid for pid in found if parent(pid) in workers(oriel)}


def all_signers(oriel):
    """As above, once every worker has its own."""
    assert eventually(lambda: len(workers(oriel)) == 2 and set(signers(oriel)) == workers(oriel))
    return signers(oriel)


def numbers(key):
    """What of a key nobody may know."""
    text = subprocess.run(["openssl", "pkey", "-in", key, "-noout", "-text"], capture_output=True, text=True,
                          check=True).stdout
    parts = re.findall(r"^(priv|privateExponent|prime1|prime2):\n((?: +[0-9a-f:]+\n)+)", text, re.M)
    assert {name for name, _ in parts} in ({"priv"}, {"privateExponent", "prime1", "prime2"}), text
    return [int(re.sub(r"[\s:]", "", digits), 16) for _, digits in parts]


def traces(key):
    """The same as it lies in memory: as bytes, as words of OpenSSL's numbers, as a line of the file."""
    found = [line.encode() for line in pathlib.Path(key).read_text().splitlines()[1:-1] if len(line) == 64]
    for number in numbers(key):
        size = (number.bit_length() + 7) // 8
        found += [number.to_bytes(size, order) for order in ("big", "little")]
    return found


HUGE = 1 << 40  # bytes: no memory, but AddressSanitizer's book of which there is


def knows(pid, secrets):
    """How many of them are anywhere in its memory."""
    found = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            begin, end, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            begin, end = int(begin, 16), int(end, 16)
            if not rights.startswith("r") or "[v" in line or end - begin > HUGE:
                continue
            with contextlib.suppress(OSError):
                memory.seek(begin)
                content = memory.read(end - begin)
                found |= {secret for secret in secrets if secret in content}
    return len(found)


# ---- connections


def handshake(oriel, version=None):
    """A connection; the serial number of the certificate that it was shown."""
    context = ssl.create_default_context(cafile=oriel.ca)
    if version:
        context.minimum_version = context.maximum_version = version
    with socket.create_connection((oriel.host, oriel.port), 60) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as tls:
            return tls.getpeercert()["serialNumber"]


class Knocker(Knocking):
    """Makes connections all the time, of both versions."""

    def __init__(self, oriel):
        super().__init__([threading.Thread(target=self.knock, args=(oriel, version))
                          for version in VERSIONS * 2])
        self.seen, self.made = set(), 0

    def knock(self, oriel, version):
        while not self.stop.wait(0.01):
            try:
                self.seen.add(handshake(oriel, version))
                self.made += 1
            except OSError as error:
                self.lost.append(repr(error))


# ---- certificates

KINDS = {
    "P-256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "RSA": ["-newkey", "rsa:2048"],
    "Ed25519": ["-newkey", "ed25519"],
}


def renew(oriel, directory, kind):
    """{file: content} of a new certificate, by the same CA."""
    run = lambda *words: subprocess.run(["openssl", *map(str, words)], cwd=directory, check=True,
                                        capture_output=True)
    (directory / "extensions").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    run("req", *KINDS[kind], "-nodes", "-subj", "/CN=localhost", "-keyout", "tls.key", "-out", "tls.csr")
    run("x509", "-req", "-in", "tls.csr", "-CA", oriel.path("tls/ca.pem"), "-CAkey", oriel.path("tls/ca.key"),
        "-days", 30, "-set_serial", int.from_bytes(os.urandom(8), "big"), "-out", "tls.crt",
        "-extfile", "extensions")
    chain = (directory / "tls.crt").read_bytes() + oriel.path("tls/ca.pem").read_bytes()
    return {"tls.key": (directory / "tls.key").read_bytes(), "tls.crt": chain}


def put(oriel, files):
    for name, content in files.items():
        replace(oriel.path("tls") / name, content)


@pytest.fixture
def files(oriel):
    """Puts the old ones back."""
    old = {name: oriel.path(f"tls/{name}").read_bytes() for name in ("tls.key", "tls.crt")}
    before = handshake(oriel)
    yield
    if handshake(oriel) != before:
        with oriel.logged("gateway", "took the new certificate"):
            put(oriel, old)
        assert eventually(lambda: all(handshake(oriel) == before for _ in range(8)))


def taken(oriel, files):
    """Until every worker has it."""
    before = handshake(oriel)
    with oriel.logged("gateway", "took the new certificate"):
        put(oriel, files)
    assert eventually(lambda: all(handshake(oriel) != before for _ in range(8)))


# ---- tests


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_signers_alone_have_the_key(oriel, files, tmp_path, kind):
    """Renewed, then read by workers that start with it, as the gateway's parent looks at it beforehand."""
    key = oriel.path("tls/tls.key")
    for how in ("renewed", "from the start"):
        if how == "renewed":
            taken(oriel, renew(oriel, tmp_path, kind))
        else:
            reloaded(oriel)
        for version in VERSIONS * 4:
            handshake(oriel, version)
        for worker, signer in all_signers(oriel).items():
            if kind != "Ed25519":
                assert knows(signer, traces(key)) >= len(numbers(key)), "the search finds nothing"
        everybody = set(processes_of(oriel.gateway_uid)) - set(signers(oriel).values())
        assert {oriel.daemons["gateway"].pid, *workers(oriel)} <= everybody
        for pid in everybody:
            assert not knows(pid, traces(key)), f"{how}: {command_name(pid)} has seen the key"


def test_a_renewal_loses_no_connection(oriel, session, files, tmp_path):
    """From one kind of key to another and back, while connections of both versions are made all the time."""
    before = handshake(oriel)
    with Knocker(oriel) as knocker:
        for kind in ("RSA", "P-256"):
            taken(oriel, renew(oriel, tmp_path, kind))
            made = knocker.made
            assert eventually(lambda: knocker.made > made + 40)
    assert not knocker.lost, knocker.lost
    assert before in knocker.seen and len(knocker.seen) == 3
    alive(session)


def test_who_began_before_a_renewal_finishes_with_the_old_key(oriel, files, tmp_path, source):
    """VNC viewers that are about to begin TLS: the gateway has chosen its certificate already. The parent
    need not see the new one: its signal to the workers is enough."""
    before, new = handshake(oriel), renew(oriel, tmp_path, "RSA")
    with contextlib.ExitStack() as held:
        began = [held.enter_context(rfb.Rfb.dial(oriel.host, oriel.vnc_port, source)) for _ in range(6)]
        for viewer in began:
            viewer.versions()
            viewer.security_types()
            viewer.vencrypt()
            viewer.choose()
        assert eventually(lambda: all(has_heard(viewer.sock) for viewer in began))
        put(oriel, new)
        for worker in workers(oriel):
            os.kill(worker, signal.SIGUSR1)
        assert eventually(lambda: all(handshake(oriel) != before for _ in range(8)))
        for viewer in began:
            viewer.start_tls(oriel.ca)
            assert viewer.sock.getpeercert()["serialNumber"] == before


def test_a_lost_signer_takes_its_worker_along(oriel, session):
    """It drains, at once, and another one comes with a signer of its own; the other worker's goes on."""
    carrier = worker_of(oriel, session)
    (victim, signer), = [pair for pair in all_signers(oriel).items() if pair[0] != carrier]
    with Knocker(oriel) as knocker:
        with oriel.logged("gateway", "gateway: the signer is gone"):
            os.kill(signer, signal.SIGKILL)
        assert eventually(lambda: victim not in workers(oriel) and len(workers(oriel)) == 2)
        made = knocker.made
        assert eventually(lambda: knocker.made > made + 40)
    # Of each thread the connection that was under way, and one that waited to be taken.
    assert len(knocker.lost) <= 2 * len(knocker.threads), knocker.lost
    assert signer not in all_signers(oriel).values()
    alive(session)


def test_a_signer_ends_with_its_worker(oriel):
    worker, signer = min(all_signers(oriel).items())
    os.kill(worker, signal.SIGKILL)
    assert eventually(lambda: signer not in processes_of(oriel.gateway_uid))
    assert set(all_signers(oriel)) == workers(oriel)


def test_a_silent_signer_is_waited_for_two_seconds(oriel):
    """The handshake fails, for which nobody blames the client; the worker goes on, and so does the signer when
    it can again."""
    stopped = all_signers(oriel).values()
    try:
        for signer in stopped:
            os.kill(signer, signal.SIGSTOP)
        with oriel.logged("gateway", "fault=bug .*TLS handshake: the signer does not answer"):
            with pytest.raises(OSError):
                handshake(oriel)
    finally:
        for signer in stopped:
            os.kill(signer, signal.SIGCONT)
    assert set(all_signers(oriel).values()) == set(stopped)
    for version in VERSIONS * 4:
        handshake(oriel, version)


def test_its_sandbox(oriel):
    """What comes of opening, connecting, running and tracing is in tests/unit/sandbox."""
    if OPEN_BUILD in oriel.log("gateway"):
        pytest.skip("a build for checking has no sandbox")
    for worker, signer in all_signers(oriel).items():
        assert eventually(lambda: shut_in(signer))
        assert confined(signer)
        for pid in (worker, signer):
            held = [os.readlink(fd) for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir()]
            assert not [file for file in held if "tls" in file], held
        assert len(os.listdir(f"/proc/{signer}/fd")) == 4, "its link and standard streams"
