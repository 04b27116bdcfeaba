# SPDX-License-Identifier: GPL-3.0-or-later
"""Launchers made for Proxmox VE: the same requests in the same form, and what they do with the
answers."""

import configparser
import json
import subprocess
import urllib.parse

import pytest

from windows import works


class Launcher:
    """As such programs are written: the ticket in a cookie, the token in a header, forms."""

    def __init__(self, oriel, source):
        self.api, self.oriel = oriel.api(source), oriel
        self.headers = {}

    def ask(self, method, path, form=None):
        headers = dict(self.headers)
        body = None
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urllib.parse.urlencode(form or {})
        return self.api.request(method, path, body, headers)

    def data(self, *words):
        answer = self.ask(*words)
        assert answer.status == 200, (answer.status, answer.body)
        return answer.json["data"]

    def login(self, user, password, **more):
        form = {"username": user, "password": password, **more}
        answer = self.ask("POST", "/api2/json/access/ticket", form)
        if answer.status == 200:
            data = answer.json["data"]
            assert "Set-Cookie" not in answer.headers
            self.headers = {
                "Cookie": f"PVEAuthCookie={data['ticket']}",
                "CSRFPreventionToken": data["CSRFPreventionToken"],
            }
        return answer


@pytest.fixture
def launcher(oriel, source):
    made = Launcher(oriel, source)
    assert made.login("ben@pam", oriel.passwords["ben"]).status == 200
    return made


def test_list(launcher):
    machines = launcher.data("GET", "/api2/json/cluster/resources?type=vm")
    (machine,) = [one for one in machines if one["name"] == "shared"]
    assert machine["type"] == "qemu" and machine["status"] == "running"
    assert machine["template"] == 0 and 100 <= machine["vmid"] < 10**9
    where = f"/api2/json/nodes/{machine['node']}/qemu"
    assert launcher.data("GET", where) == machines
    assert launcher.data("GET", f"{where}/{machine['vmid']}/status/current") == machine


def test_wrong_password(oriel, source):
    launcher = Launcher(oriel, source)
    assert launcher.login("ben@pam", "wrong & more=1").status == 401
    assert launcher.login("", "").status == 400
    assert launcher.ask("GET", "/api2/json/cluster/resources").status == 401


def test_what_protects_browsers(launcher, oriel):
    """The cookie alone changes nothing, and it is none of the portal's."""
    machine = launcher.data("GET", "/api2/json/cluster/resources?type=vm")[0]
    path = f"/api2/json/nodes/oriel/qemu/{machine['vmid']}/spiceproxy"
    token = launcher.headers.pop("CSRFPreventionToken")
    assert launcher.ask("POST", path).status == 403
    assert launcher.ask("GET", "/api/v1/desktops").status == 401
    launcher.headers["CSRFPreventionToken"] = token
    launcher.headers["Sec-Fetch-Site"] = "cross-site"
    assert launcher.ask("POST", path).status == 403


def test_not_mine(launcher):
    for vmid in ("100", "d-0000000000000000", "own"):
        path = f"/api2/json/nodes/oriel/qemu/{vmid}/spiceproxy"
        assert launcher.ask("POST", path, {"proxy": "oriel"}).status == 404
    assert launcher.ask("GET", "/api2/json/nodes").status == 404
    assert "error" in launcher.ask("GET", "/api2/json/nodes").json


def test_remote_viewer(launcher, books, reader, display, log, request, tmp_path):
    """The keys go into a connection file line by line, and that through a pipe to the viewer."""
    machine = launcher.data("GET", "/api2/json/cluster/resources?type=vm")[0]
    keys = launcher.data(
        "POST", f"/api2/json/nodes/{machine['node']}/qemu/{machine['vmid']}/spiceproxy"
    )
    assert keys["type"] == "spice" and isinstance(keys["tls-port"], int) and "proxy" not in keys
    config = configparser.ConfigParser()
    config["virt-viewer"] = {key: f"{value}" for key, value in keys.items()}
    file = tmp_path / "keys"
    with file.open("w") as text:
        config.write(text)
    viewer = f"cat {file} | remote-viewer --full-screen -"
    display.run(["dbus-run-session", "sh", "-c", viewer], log)
    works(display, reader, request, "launched1")


def test_the_file_itself(launcher, oriel):
    machine = launcher.data("GET", "/api2/json/cluster/resources?type=vm")[0]
    path = f"/api2/spiceconfig/nodes/any/qemu/{machine['vmid']}/spiceproxy"
    answer = launcher.ask("POST", path, {"proxy": oriel.host})
    assert answer.status == 200 and answer.body.startswith(b"[virt-viewer]\n")
    parser = configparser.RawConfigParser()
    parser.read_string(answer.body.decode())
    assert parser["virt-viewer"]["host"] == oriel.host
    assert parser["virt-viewer"]["tls-port"] == str(oriel.port)


def test_a_shell_script(oriel, source, tmp_path):
    """The one that everybody copies: curl, and the answer cut apart with the shell's own means."""
    script = r"""
        DATA="$(curl -f -s -S -k --interface "$FROM" --data-urlencode "username=$USERNAME" \
            --data-urlencode "password=$PASSWORD" "https://$PROXY/api2/json/access/ticket")"
        TICKET="${DATA//\"/}"; TICKET="${TICKET##*ticket:}"
        TICKET="${TICKET%%,*}"; TICKET="${TICKET%%\}*}"
        CSRF="${DATA//\"/}"; CSRF="${CSRF##*CSRFPreventionToken:}"
        CSRF="${CSRF%%,*}"; CSRF="${CSRF%%\}*}"
        curl -f -s -S -k --interface "$FROM" -b "PVEAuthCookie=$TICKET" \
            -H "CSRFPreventionToken: $CSRF" \
            "https://$PROXY/api2/spiceconfig/nodes/$NODE/qemu/$VMID/spiceproxy" -d "proxy=$PROXY"
    """
    done = subprocess.run(
        ["bash", "-ec", script],
        capture_output=True,
        text=True,
        timeout=60,
        env={
            "PATH": "/usr/bin:/bin",
            "FROM": source,
            "USERNAME": "ben@pam",
            "PASSWORD": oriel.passwords["ben"],
            "PROXY": f"{oriel.host}:{oriel.port}",
            "NODE": "pve",
            "VMID": "shared",
        },
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[virt-viewer]\ntype=spice\n")
    assert json.dumps(done.stdout).count("password=") == 1
