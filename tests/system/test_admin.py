# SPDX-License-Identifier: GPL-3.0-or-later
"""What admins see over HTTPS: news as they happen, and a log that can be searched."""

import http.client
import io
import json
import subprocess
import time

import oriel as oriel_api
import pytest
from deployment import SOURCE, eventually
from PIL import Image
from tickets import opens_web, web


class Stream:
    """Server-sent events of an admin, one name at a time."""

    def __init__(self, oriel, api):
        self.connection = http.client.HTTPSConnection(
            oriel.host, oriel.port, context=api.tls, timeout=90
        )
        self.connection.request(
            "GET", "/api/v1/admin/events", headers={"Authorization": f"Bearer {api.token}"}
        )
        self.answer = self.connection.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def until(self, name):
        """Reads on to the event of this name; fails when nothing comes for too long."""
        while True:
            line = self.answer.readline()
            assert line, "the stream has ended"
            if line.strip() == f"event: {name}".encode():
                return


def test_news_come_by_themselves(oriel, source):
    admin = oriel.login("admin")
    with Stream(oriel, admin) as stream:
        assert stream.answer.status == 200
        assert stream.answer.getheader("Content-Type") == "text/event-stream"
        oriel.ctl("entitle", "shared", "--user", "nobody-yet")
        stream.until("pools")
        stream.until("audit")
        oriel.ctl("unentitle", "shared", "--user", "nobody-yet")
        stream.until("pools")


def test_news_are_for_admins(oriel):
    with Stream(oriel, oriel.login("ben")) as stream:
        assert stream.answer.status == 403


def test_the_log_is_searched(oriel):
    admin = oriel.login("admin")
    oriel.ctl("entitle", "shared", "--group", "a-group-to-find")
    oriel.ctl("unentitle", "shared", "--group", "a-group-to-find")
    found = admin.get("/api/v1/admin/audit?text=GROUP-to-find")
    assert len(found) == 2 and all("a-group-to-find" in one["detail"] for one in found)
    assert admin.get("/api/v1/admin/audit?text=%25group") == []
    with pytest.raises(oriel_api.Refused):
        admin.get("/api/v1/admin/audit?text=" + "x" * 300)


def test_the_log_goes_out(oriel):
    """From behind the broker's sandbox, and into a new file after logrotate has moved the old one."""
    file = oriel.path("audit/audit.jsonl")

    def holds(word):
        lines = file.read_text().splitlines() if file.exists() else []
        return [line for line in lines if word in json.loads(line).get("detail", "")]

    for turn in ("before", "after"):
        oriel.ctl("entitle", "shared", "--group", f"group-{turn}")
        oriel.ctl("unentitle", "shared", "--group", f"group-{turn}")
        assert eventually(lambda: len(holds(f"group-{turn}")) == 2), oriel.tail("broker")
        file.rename(oriel.path(f"audit/{turn}"))


def test_screens(oriel, source, books):
    """Of a desktop that nobody has, once in the audit log for one look; never of one in use."""
    admin = oriel.login("admin")

    def shown():
        return [one for one in admin.get("/api/v1/admin/desktops") if one["screen"]]

    assert eventually(shown, 120, 0.2)
    spare = shown()[0]
    path = f"/api/v1/admin/desktops/{spare['id']}/screen"
    assert spare["pool"] == "shared" and not spare["owner"]

    since = 0

    def booted():
        nonlocal since
        since = time.monotonic()
        answer = admin.request("GET", path)
        assert answer.status == 200 and answer.headers["Content-Type"] == "image/png"
        with Image.open(io.BytesIO(answer.body)) as picture:
            assert picture.width == 320
            return answer if len(picture.getcolors()) > 1 else None

    answer = eventually(booted, 120, 0.5)
    assert answer, "an empty screen"
    for _ in range(10):  # it was taken after `since`, and is shown for three seconds
        assert admin.request("GET", path).body == answer.body or time.monotonic() - since > 3
    looks = admin.get(f"/api/v1/admin/audit?text=screen%20of%20{spare['name']}")
    assert len(looks) == 1 and looks[0]["user"] == "admin"
    assert oriel.login("ben", source).request("GET", path).status == 403
    assert admin.request("GET", path, headers={"Sec-Fetch-Site": "cross-site",
                                               "Authorization": ""}).status in (401, 403)
    api = oriel.login("ben", source)
    with web(oriel, api.ticket("shared", "web"), source) as viewer:
        opens_web(viewer)
        mine = api.sessions()[0]["desktop"]
        assert mine not in [one["id"] for one in shown()]
        assert admin.request("GET", f"/api/v1/admin/desktops/{mine}/screen").status == 404
    assert not list(oriel.path("broker/qemu/desktops").glob("*/screen.ppm"))


def test_messages(oriel, source):
    admin = oriel.login("admin")
    admin.post("/api/v1/admin/messages", {"user": "carla", "text": "At noon we restart."})
    oriel.ctl("message", "carla", "And again at one.")
    carla = oriel.login("carla", source)
    texts = [one["text"] for one in carla.get("/api/v1/messages")]
    assert sorted(texts) == ["And again at one.", "At noon we restart."]
    assert oriel.login("ben", source).get("/api/v1/messages") == []
    assert carla.request("POST", "/api/v1/admin/messages",
                         {"user": "ben", "text": "x"}).status == 403
    for body in ({"user": "", "text": "x"}, {"user": "ben", "text": ""},
                 {"user": "ben", "text": "x" * 1001}):
        assert admin.request("POST", "/api/v1/admin/messages", body).status == 400
    assert len(admin.get("/api/v1/admin/audit?text=message%20to%20carla")) == 2


def test_lists_are_as_described(oriel):
    """Every list that admins may ask for, with something in it: oriel.py holds it against docs/api.yaml."""
    admin = oriel.login("admin")
    made = [
        ("quotas", {"kind": "group", "name": "nobodies", "desktops": 2}, "quotas/group/nobodies"),
        ("maintenance", {"kind": "host", "name": "elsewhere"}, "maintenance?kind=host&name=elsewhere"),
        ("bans", {"user": "mallory", "minutes": 5}, "bans?user=mallory"),
        ("hosts", {"name": "here", "provider": "qemu"}, "hosts/here"),
        ("pools", {"name": "towers", "kind": "machines"}, None),
        ("machines", {"pool": "towers", "name": "pc1", "protocol": "rdp", "address": "bob@192.0.2.1:3389"}, None),
        ("entitlements", {"pool": "towers", "group": "nobodies"}, "pools/towers"),
    ]
    try:
        for what, body, _ in made:
            admin.post(f"/api/v1/admin/{what}", body)
        admin.post("/api/v1/admin/pools/towers/plan", {"warn": 60})
        for what in ("images", "plans", "desktops", "sessions?ended=1", "audit?limit=1000", *(one[0] for one in made)):
            assert admin.get(f"/api/v1/admin/{what}"), what
        assert admin.get("/api/v1/admin/pools/towers/hosts")["hosts"] == []
    finally:
        undone = [admin.request("DELETE", f"/api/v1/admin/{path}").status for _, _, path in made if path]
    assert undone == [204] * len(undone)


def test_what_nobody_knows_is_the_asker_s_fault(oriel):
    admin = oriel.login("admin")
    for what, body in (("pools", {"name": "x", "kind": "floating", "image": "tiny", "provider": "vmware"}),
                       ("pools", {"name": "x", "kind": "machines", "provider": "vmware"}),
                       ("hosts", {"name": "x", "provider": "vmware"})):
        answer = admin.request("POST", f"/api/v1/admin/{what}", body)
        assert answer.status == 400 and "provider" in answer.json["error"]["message"], (what, body, answer.body)


def test_the_console_in_a_browser(oriel, source):
    """Every page of it shows what there is, without a fault; and what changes shows by itself."""
    api = oriel.login("ben", source)
    with web(oriel, api.ticket("shared", "web"), source) as viewer:
        opens_web(viewer)
        pages = ["sessions", "desktops", "pools", "images", "hosts", "quotas", "bans", "audit"]
        tour = subprocess.Popen(["node", SOURCE / "tests/browser/tour.mjs"], text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            tour.stdin.write(json.dumps({"url": f"https://{oriel.host}:{oriel.port}/", "quota": "seen-at-once", "pages": pages,
                                         "user": "admin", "password": oriel.passwords["admin"]}))
            tour.stdin.close()
            waits = json.loads(tour.stdout.readline())
            assert waits.get("at") == "quotas", waits
            oriel.ctl("quota", "set", "user", "seen-at-once", "--desktops", "7")
            told = json.loads(tour.stdout.readline())
        finally:
            tour.kill()
            tour.wait()
            oriel.ctl("quota", "remove", "user", "seen-at-once")
    assert told["wrong"] == [] and set(told["pages"]) == {"", *pages}
    assert "ben" in told["pages"]["sessions"] and "Browser" in told["pages"]["sessions"]
    assert "shared" in told["pages"]["pools"] and "tiny" in told["pages"]["images"]
    assert "In use" in told["pages"]["desktops"] and "signed in" in told["pages"]["audit"]
