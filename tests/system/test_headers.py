# SPDX-License-Identifier: GPL-3.0-or-later
"""What browsers are told not to do, on every kind of answer: pages, files, the API, refusals by
the broker and refusals by the gateway."""

import http.client
import re

import pytest

ANSWERS = {
    "portal": ("GET", "/", 200),
    "viewer": ("GET", "/vnc.html", 200),
    "script": ("GET", "/js/app.js", 200),
    "style": ("GET", "/style.css", 200),
    "picture": ("GET", "/icons.svg", 200),
    "api-description": ("GET", "/api.yaml", 200),
    "health": ("GET", "/healthz", 200),
    "api-refused": ("GET", "/api/v1/desktops", 401),
    "bad-body": ("POST", "/api/v1/login", 400),
    "absent": ("GET", "/nothing/here", 404),
    "wrong-method": ("DELETE", "/", 405),
    "gateway-page": ("GET", "/websockify", 400),
    "gateway-refused": ("GET", "/websockify?token=wrong", 400),
}


def policy_of(answer):
    """{directive: its sources} of the Content-Security-Policy."""
    parts = answer.headers["Content-Security-Policy"].split(";")
    return {words[0]: set(words[1:]) for part in parts if (words := part.split())}


@pytest.fixture(params=ANSWERS)
def answer(oriel, source, request):
    method, path, status = ANSWERS[request.param]
    body = "{" if method == "POST" else None
    headers = {"Accept": "text/html"} if request.param == "gateway-page" else {}
    answer = oriel.api(source).request(method, path, body, headers)
    assert answer.status == status
    return answer


def test_nothing_from_elsewhere(answer):
    policy = policy_of(answer)
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == {"'none'"}
    assert policy["form-action"] <= {"'none'", "'self'"}
    for directive, sources in policy.items():
        allowed = {"'none'", "'self'"} | ({"data:", "blob:"} if directive == "img-src" else set())
        assert sources <= allowed, directive


def test_no_guessing_and_no_telling(answer):
    headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert int(re.search(r"max-age=(\d+)", headers["Strict-Transport-Security"])[1]) >= 15552000
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Server" not in headers and "X-Powered-By" not in headers
    assert "Access-Control-Allow-Origin" not in headers


def test_pages_get_no_camera(oriel, source):
    policy = oriel.api(source).request("GET", "/").headers["Permissions-Policy"]
    assert {"camera=()", "microphone=()", "geolocation=()", "usb=()"} <= set(policy.split(", "))


def test_what_is_personal_stays_in_no_cache(oriel, source):
    answer = oriel.login("ben", source).request("GET", "/api/v1/desktops")
    assert answer.status == 200 and "no-store" in answer.headers["Cache-Control"]


def test_the_cookie(oriel, source):
    login = {"user": "ben", "password": oriel.passwords["ben"]}
    answer = oriel.api(source).request("POST", "/api/v1/login", login)
    cookies = answer.headers.get_all("Set-Cookie")
    assert answer.status == 200 and cookies
    for cookie in cookies:
        words = {word.strip().lower() for word in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite=strict", "path=/"} <= words


def test_plain_http_is_no_place_for_hsts(oriel, source):
    """RFC 6797, 7.2; and nothing that a browser would render comes without TLS."""
    line = http.client.HTTPConnection(oriel.host, oriel.port, 60, source_address=(source, 0))
    line.request("GET", "/")
    answer = line.getresponse()
    answer.read()
    assert answer.status == 308 and answer.headers["Location"].startswith("https://")
    assert "Strict-Transport-Security" not in answer.headers
    line.close()
