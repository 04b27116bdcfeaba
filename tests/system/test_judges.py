# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP before judges who know nothing of Oriel: h2load, which reads HTTP/1.1 strictly, and wrk, through the
gateway to the broker: each answer whole and good, on connections that stay and on new ones."""

import json
import re
import subprocess

import pytest

from deployment import eventually

PAGES = ("/", "/style.css", "/healthz")


def said_by(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_h2load(oriel, books, page):
    said = said_by("h2load", "--h1", "-c16", "-n800", f"https://{oriel.host}:{oriel.port}{page}")
    totals = {name: int(n) for n, name in re.findall(r"(\d+) (\w+)", re.search(r"requests: (.*)", said)[1])}
    assert totals["succeeded"] == totals["done"] == totals["total"] == 800, said
    assert totals["failed"] == totals["errored"] == totals["timeout"] == 0, said
    assert "800 2xx, 0 3xx, 0 4xx, 0 5xx" in said


@pytest.mark.parametrize("header", ["Connection: keep-alive", "Connection: close"])
def test_wrk(oriel, books, header):
    answers = 0

    def more():
        """A second's worth; wrk would count one that takes longer than its patience as an error."""
        nonlocal answers
        said = said_by("wrk", "-t1", "-c16", "-d1s", "--timeout", "60s", "-H", header,
                       f"https://{oriel.host}:{oriel.port}/")
        assert not re.search(r"Socket errors|Non-2xx", said), said
        answers += int(re.search(r"(\d+) requests in", said)[1])
        return answers > 50

    assert eventually(more), answers


def test_curl_is_told_http_1(oriel, books):
    """A client that would rather speak HTTP/2 gets HTTP/1.1, and one that waits for 100 (Continue) hears it."""
    where = f"https://{oriel.host}:{oriel.port}"
    words = ["curl", "--silent", "--show-error", "--fail", "--http2", "--cacert", oriel.ca]
    said = said_by(*words, "--output", "/dev/null", "--write-out", "%{http_version} %{response_code}", f"{where}/")
    assert said == "1.1 200"
    body = json.dumps({"user": "ben", "password": oriel.passwords["ben"]})
    said = said_by(*words, "--header", "Content-Type: application/json", "--header", "Expect: 100-continue",
                   "--data", body, f"{where}/api/v1/login")
    assert json.loads(said)["user"] == "ben"
