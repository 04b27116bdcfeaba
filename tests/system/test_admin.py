# SPDX-License-Identifier: GPL-3.0-or-later
"""What admins see over HTTPS: news as they happen, and a log that can be searched."""

import http.client
import json

import oriel as oriel_api
import pytest
from deployment import eventually


class Stream:
    """Server-sent events of an admin, one name at a time."""

    def __init__(self, oriel, api):
        self.connection = http.client.HTTPSConnection(
            oriel.host, oriel.port, context=api.tls, timeout=20
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
        assert eventually(lambda: len(holds(f"group-{turn}")) == 2, 15), oriel.tail("broker")
        file.rename(oriel.path(f"audit/{turn}"))
