# SPDX-License-Identifier: GPL-3.0-or-later
"""orielctl doctor: each thing that can be wrong is broken, alone, and must be found and named."""

import configparser
import contextlib
import datetime
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess

import procs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from deployment import SOURCE, command_name, eventually, free_port


class Patient:
    """A configuration of its own, which the tests spoil."""

    def __init__(self, oriel, directory):
        self.oriel, self.directory = oriel, directory
        self.config = configparser.RawConfigParser()
        self.config.read(oriel.path("oriel.conf"))
        self.pam_dir = directory / "pam.d"
        shutil.copytree(oriel.path("pam.d"), self.pam_dir)
        self.path = os.environ["PATH"]

    def examine(self, *words):
        """{topic: [finding]} of those that are not well."""
        config = self.directory / "oriel.conf"
        with config.open("w") as file:
            self.config.write(file)
        doctor = subprocess.Popen(
            [self.oriel.path("bin/orielctl"), "--config", config, "--json", "doctor"]
            + ["--pam-dir", self.pam_dir, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PATH": self.path},
        )
        try:
            said, complaints = doctor.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            hangs = procs.waits(doctor.pid)
            doctor.kill()
            raise AssertionError(f"{hangs}\n{doctor.communicate()}") from None
        findings = json.loads(said)
        ill = any(finding["health"] == "ill" for finding in findings)
        assert doctor.returncode == (1 if ill else 0), (said, complaints)
        found = {}
        for finding in findings:
            if finding["health"] != "well":
                assert finding["advice"] and finding["words"]
                found.setdefault(finding["topic"], []).append(finding)
        return found

    def only(self, topic, words, *more, health="ill"):
        """One thing is wrong, and that is it."""
        found = self.examine(*more)
        assert list(found) == [topic], found
        assert len(found[topic]) == 1, found
        assert words in found[topic][0]["words"], found
        assert found[topic][0]["health"] == health, found

    def certificate(self, name="127.0.0.1", days=90, since=-1):
        """One of its own making, signed by itself; its authority is in `ca`, too."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.utcnow()
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        with contextlib.suppress(ValueError):
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))])
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=since))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(names, False)
            .sign(key, hashes.SHA256())
        )
        pem = made.public_bytes(serialization.Encoding.PEM)
        for option, file, content in (
            ("gateway", "certificate", pem),
            ("broker", "ca", pem),
            (
                "gateway",
                "key",
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                ),
            ),
        ):
            (self.directory / file).write_bytes(content)
            (self.directory / file).chmod(0o600)
            self.config[option][file] = str(self.directory / file)


@pytest.fixture
def patient(oriel, tmp_path):
    return Patient(oriel, tmp_path)


def test_well(patient, oriel):
    assert patient.examine() == {}
    words = subprocess.run(
        [oriel.path("bin/orielctl"), "--config", oriel.path("oriel.conf"), "doctor"]
        + ["--pam-dir", oriel.path("pam.d")],
        capture_output=True,
        text=True,
    )
    assert words.returncode == 0 and words.stdout.endswith("All is well.\n"), words.stdout


def test_configuration(patient):
    patient.config["broker"]["nonsense"] = "1"
    patient.only("configuration", "unknown key nonsense in [broker]")


def test_broker(patient):
    patient.config["sockets"]["admin"] = str(patient.directory / "nothing.sock")
    found = patient.examine()
    assert list(found) == ["broker"] and "No such file" in found["broker"][0]["words"], found


def test_a_broker_that_hangs(patient, oriel):
    """It is asked no second time."""
    oriel.signal("broker", signal.SIGSTOP)
    try:
        found = patient.examine()
    finally:
        oriel.signal("broker", signal.SIGCONT)
    assert list(found) == ["broker"], found
    assert "no answer" in found["broker"][0]["words"] and "hangs" in found["broker"][0]["advice"], found
    assert oriel.healthy()


def test_gateway(patient, oriel):
    oriel.signal("gateway", signal.SIGTERM)
    try:
        assert eventually(lambda: oriel._ctl("health").returncode != 0), "the broker has not heard of it"
        found = patient.examine()
    finally:
        oriel.start_gateway()
    assert set(found) == {"broker", "ports"} and len(found["ports"]) == 2, found
    assert "no gateway is linked" in found["broker"][0]["words"]
    assert patient.examine() == {}


def test_login(patient):
    patient.config["broker"]["auth"] = str(patient.directory / "auth.sock")
    patient.only("login", "Nobody asks PAM")


def test_a_login_helper_that_hangs(patient):
    """All who may wait for it do so already."""
    path = patient.directory / "auth.sock"
    patient.config["broker"]["auth"] = str(path)
    with socket.socket(socket.AF_UNIX) as helper, socket.socket(socket.AF_UNIX) as first:
        helper.bind(str(path))
        helper.listen(0)
        first.connect(str(path))
        patient.only("login", "it takes nobody in")


def test_pam(patient):
    service = patient.pam_dir / "oriel"
    rules = service.read_text()
    service.write_text(rules + "auth required pam_not_there.so\n")
    patient.only("PAM", "pam_not_there.so, which is not on this machine")
    service.write_text(rules + "-auth optional pam_not_there.so\n@include nowhere\n")
    patient.only("PAM", f"{patient.pam_dir}/nowhere is not there")
    service.write_text("auth required pam_permit.so\n")
    patient.only("PAM", "no rule of kind account")
    service.unlink()
    patient.only("PAM", f"{service} is not there")


def test_user(patient, oriel):
    # anna is known to PAM alone, and may have desktops; nobody is known to the machine alone.
    patient.only("user", "anna has no account", "--user", "anna", health="doubtful")
    found = patient.examine("--user", "root")
    assert any("entitled to no pool" in one["words"] for one in found["user"]), found
    oriel.ctl("entitle", "shared", "--group", "root")
    try:
        found = patient.examine("--user", "root").get("user", [])
    finally:
        oriel.ctl("unentitle", "shared", "--group", "root")
    assert not any("entitled" in one["words"] for one in found), found
    oriel.ctl("ban", "--user", "anna", "--minutes", "1")
    try:
        found = patient.examine("--user", "anna")
    finally:
        oriel.ctl("unlock", "--user", "anna")
    assert any("is banned" in one["words"] for one in found["user"]), found


def test_certificate(patient):
    patient.certificate()
    assert patient.examine() == {}
    patient.certificate(days=5)
    patient.only("certificate", "expires in", health="doubtful")
    patient.certificate(days=-2, since=-5)
    patient.only("certificate", "expired")
    patient.certificate(since=3)
    patient.only("certificate", "not valid yet")
    patient.certificate(name="other.example.org")
    patient.only("certificate", "not made out to 127.0.0.1")
    patient.certificate()
    patient.config["broker"]["ca"] = ""
    patient.only("certificate", "may not trust it", health="doubtful")


def test_key(patient, oriel):
    patient.certificate()
    (patient.directory / "key").chmod(0o644)
    patient.only("certificate", "Everybody on this machine can read the key")
    patient.config["gateway"]["key"] = str(oriel.path("tls/tls.key"))
    patient.only("certificate", "does not belong to the certificate")
    patient.config["gateway"]["key"] = str(patient.directory / "no-key")
    patient.only("certificate", "holds no private key")
    patient.config["gateway"]["certificate"] = str(patient.directory / "nothing")
    patient.only("certificate", "holds no certificate")


def test_ports(patient):
    port = free_port()
    patient.config["gateway"]["listen"] = f"127.0.0.1:{port}"
    patient.only("ports", f"Nobody listens on port {port}")
    with socket.create_server(("127.0.0.1", port)):
        patient.only("ports", f"is taken by {command_name('self')}")
    patient.config["gateway"]["listen"] = "somewhere"
    patient.only("ports", "somewhere is no place to listen at")


def test_disk(patient, oriel):
    room = oriel.path("room")  # the way there is open to the broker
    room.mkdir()
    patient.config["broker"]["state"] = str(room / "nothing")
    patient.only("disk", "is not there")
    patient.config["broker"]["state"] = str(room)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0777", "none", room], check=True)
    try:
        patient.only("disk", "left in")
    finally:
        subprocess.run(["umount", room], check=True)
    room.chmod(0o700)  # root's
    found = patient.examine()
    assert "The broker may not use" in found["disk"][0]["words"], found


def test_portal(patient):
    patient.config["broker"]["web_root"] = str(patient.directory)
    patient.only("portal", "index.html is not there")


def test_qemu(patient):
    patient.path = str(patient.directory)
    found = patient.examine()
    assert list(found) == ["QEMU"] and len(found["QEMU"]) == 2, found


def test_images(patient, oriel):
    kernel = oriel.path("guest/to-be-lost")
    shutil.copy(oriel.path("guest/vmlinuz"), kernel)
    oriel.ctl("image", "add", "lost", "--kernel", kernel)
    try:
        assert patient.examine() == {}
        kernel.chmod(0o600)
        patient.only("images", f"The broker may not read {kernel}, of image lost")
        kernel.unlink()
        patient.only("images", f"Image lost needs {kernel}, which is not there")
    finally:
        oriel.ctl("image", "remove", "lost")


def test_cards(patient, oriel):
    path = oriel.path("run/cards.sock")
    patient.config["broker"]["nics"] = str(path)
    oriel.ctl("image", "add", "wired", "--kernel", oriel.path("guest/vmlinuz"), "--network", "user")
    listener = socket.socket(socket.AF_UNIX)
    try:
        patient.only("cards", f"image wired have a network card, and nobody makes them: {path} is not there")
        listener.bind(str(path))
        path.chmod(0o600)  # root's
        patient.only("cards", f"The broker may not use {path}")
        path.chmod(0o666)
        assert patient.examine() == {}
    finally:
        listener.close()
        path.unlink(missing_ok=True)
        oriel.ctl("image", "remove", "wired")


def test_pools(patient, oriel):
    oriel.ctl("pool", "add", "lonely", "--kind", "floating", "--image", "tiny", "--max", "1")
    try:
        patient.only("pools", "Nobody may have a desktop of pool lonely", health="doubtful")
    finally:
        oriel.ctl("pool", "remove", "lonely")


def test_completion(oriel):
    """In a real bash: words of the table, files, and names that the broker knows."""

    def complete(line):
        script = (
            f"source {oriel_completion}; PATH={oriel.path('bin')}:$PATH;"
            f" COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1));"
            ' _orielctl orielctl; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30)
        return done.stdout.split()

    oriel_completion = SOURCE / "config/completion/orielctl"
    config = f"--config {oriel.path('oriel.conf')}"
    assert complete("orielctl doc") == ["doctor"]
    assert complete("orielctl pool add x --kind ''") == ["floating", "dedicated", "machines"]
    assert set(complete(f"orielctl {config} pool remove ''")) >= {"shared", "own"}
    assert str(oriel.path("oriel.conf")) in complete(
        f"orielctl image add x --disk {oriel.path('oriel')}"
    )


def test_helpers(patient, oriel):
    helper = oriel.path("bin/helper")  # the way there is open to the broker
    patient.config["broker"]["lobby"] = str(helper)
    patient.only("lobby", "helper is not there", health="doubtful")
    shutil.copy("/bin/true", helper)
    helper.chmod(0o700)  # root's
    patient.only("lobby", f"The broker may not run {helper}", health="doubtful")
    helper.chmod(0o755)
    assert patient.examine() == {}
    patient.config["broker"]["bridge"] = "/nowhere/oriel-bridge"
    patient.only("bridge", "/nowhere/oriel-bridge is not there", health="doubtful")


def test_provider(patient):
    """One that nobody listens for."""
    patient.config["oidc"] = {"issuer": f"https://127.0.0.1:{free_port()}", "client_id": "oriel"}
    patient.only("OpenID", "/.well-known/openid-configuration: ")


def test_maintenance(patient, oriel):
    oriel.ctl("maintenance", "begin", "pool", "shared", "--words", "Until noon.")
    try:
        patient.only("maintenance", "The pool shared is closed: Until noon.", health="doubtful")
    finally:
        oriel.ctl("maintenance", "end", "pool", "shared")
