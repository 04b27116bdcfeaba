# SPDX-License-Identifier: GPL-3.0-or-later
"""config/quickstart as a stranger runs it: twice, and it leaves nothing behind."""

import json
import os
import signal
import socket
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

import oriel as rest
import rfb
from deployment import OUT, SOURCE, eventually, free_port, processes_of


def unix_sockets():
    return {line.split()[-1] for line in Path("/proc/net/unix").read_text().splitlines()}


class Quickstart:
    def __init__(self, state):
        OUT.joinpath("system").mkdir(parents=True, exist_ok=True)
        self.log = OUT / "system" / "quickstart.log"
        self.port = free_port()
        self.json = state / "quickstart.json"
        self.json.unlink(missing_ok=True)
        self.state = state
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [SOURCE / "config/quickstart", "--state", state, "--port", str(self.port)]
                + ["--guest", "tiny", "--no-install"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ready(self, seconds):
        assert eventually(lambda: self.json.exists() or self.process.poll() is not None, seconds)
        assert self.process.poll() is None, self.log.read_text()
        return json.loads(self.json.read_text())

    def stop(self, number):
        self.process.send_signal(number)
        return self.process.wait(120)


@pytest.fixture(scope="module")
def state():
    with tempfile.TemporaryDirectory(prefix="oriel-qs-") as name:
        yield Path(name)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["first", "second"])
def test_it_works_and_leaves_nothing(state, number):
    sockets = unix_sockets()
    begin = time.monotonic()
    quickstart = Quickstart(state)
    try:
        facts = quickstart.ready(900 if number == signal.SIGTERM else 180)  # the first compiles all of it
        took = time.monotonic() - begin
        assert stat.S_IMODE(quickstart.json.stat().st_mode) == 0o600
        assert facts["port"] == quickstart.port and facts["state"] == str(state)
        assert [(user["name"], user["admin"]) for user in facts["users"]] == [
            ("anna", False), ("ben", False), ("admin", True),
        ]
        for user in facts["users"]:
            assert f"{user['name']}:" not in Path("/etc/passwd").read_text()
            api = rest.Api("localhost", facts["port"], facts["ca"])
            api.login(user["name"], user["password"])
        assert api.request("GET", "/healthz").status == 200
        ben = facts["users"][1]
        with rfb.Rfb.dial("localhost", facts["vnc_port"]) as viewer:
            viewer.secure(facts["ca"], ben["name"], ben["password"],
                          (rfb.X509_PLAIN, rfb.X509_NONE))
            viewer.init()
            viewer.screen()
        pools = json.loads(subprocess.check_output([*facts["ctl"], "pool", "list", "--json"]))
        assert "shared" in str(pools) and "personal" in str(pools)
        looked = subprocess.run([*facts["ctl"], "doctor", "--pam-dir", state / "pam.d"],
                                capture_output=True, text=True, timeout=60)
        assert looked.returncode == 0, looked.stdout
        if number == signal.SIGINT:
            assert took < 60, f"the second run took {took:.0f} s: what the first has made is used"
    finally:
        if quickstart.process.poll() is None:
            status = quickstart.stop(number)
    assert status == 0, quickstart.log.read_text()

    for port in (facts["port"], facts["vnc_port"]):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 2)
    assert not [uid for uid in range(59300, 59310) if processes_of(uid)]
    assert not [name for name in unix_sockets() - sockets if str(state) in name]
    left = {entry.name for entry in state.iterdir()}
    assert not left & {"live", "live.d", "quickstart.json"}, left


def test_a_second_one_is_told(state):
    first = Quickstart(state)
    try:
        first.ready(180)
        second = subprocess.run(
            [SOURCE / "config/quickstart", "--state", state, "--no-install"],
            capture_output=True, text=True, timeout=90,
        )
        assert second.returncode == 1 and "another quickstart" in second.stderr
        assert {"live", "quickstart.json"} <= {entry.name for entry in state.iterdir()}
    finally:
        first.stop(signal.SIGTERM)


@pytest.mark.parametrize("owner, mode", [(65534, 0o755), (0, 0o777), (0, 0o775)])
def test_a_directory_of_others_is_not_believed(tmp_path, owner, mode):
    """What its `live` names would be removed, by root."""
    state, precious = tmp_path / "state", tmp_path / "precious"
    state.mkdir()
    precious.mkdir()
    (state / "live").write_text(f"{precious}\n4294967000\n")
    state.chmod(mode)
    os.chown(state, owner, owner)
    told = subprocess.run([SOURCE / "config/quickstart", "--state", state, "--no-install"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert told.returncode == 1 and "others" in told.stderr
    assert precious.is_dir() and (state / "live").exists()


def test_a_taken_port_is_told(state):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [SOURCE / "config/quickstart", "--state", state, "--port", str(port), "--no-install"],
            capture_output=True, text=True, timeout=90,
        )
    assert done.returncode == 1 and f"port {port} is in use" in done.stderr


def test_what_a_killed_one_left_is_cleaned_up(state):
    first = Quickstart(state)
    first.ready(180)
    first.stop(signal.SIGKILL)
    second = Quickstart(state)
    try:
        facts = second.ready(180)
        api = rest.Api("localhost", facts["port"], facts["ca"])
        assert api.request("GET", "/healthz").status == 200
    finally:
        assert second.stop(signal.SIGTERM) == 0
    assert not [uid for uid in range(59300, 59310) if processes_of(uid)]
