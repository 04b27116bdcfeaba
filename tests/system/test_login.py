# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in: what opens, what does not, and what each refusal says where."""

import threading
import time

import pytest


def refused(oriel, answer, status):
    assert answer.status == status, answer.body
    words = answer.json["error"]
    assert words["code"] and words["message"]
    return words


def test_password_opens(oriel, source):
    api = oriel.login("anna", source)
    assert {card["pool"] for card in api.desktops()} == {"shared", "own"}
    assert [card["pool"] for card in oriel.login("ben", source).desktops()] == ["shared"]


def test_page_sets_a_cookie_that_scripts_cannot_read(oriel, source):
    api = oriel.api(source)
    answer = api.request(
        "POST", "/api/v1/login", {"user": "ben", "password": oriel.passwords["ben"]}
    )
    assert answer.status == 200
    cookie = answer.headers["Set-Cookie"]
    for word in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
        assert word in cookie


@pytest.mark.parametrize("user", ["anna", "nobody-of-this-name"])
def test_wrong_password_is_401(oriel, source, user):
    with oriel.logged("broker", r"\bfault=denied\b|refused", rf"\b{user}\b"):
        answer = oriel.api(source).request(
            "POST", "/api/v1/login", {"user": user, "password": "wrong"}
        )
        refused(oriel, answer, 401)


def test_unknown_user_cannot_be_told_from_a_wrong_password(oriel, source):
    """A busy machine may keep one of the two waiting, but not always the same."""
    def attempt(user):
        begin = time.monotonic()
        answer = oriel.api(source).request(
            "POST", "/api/v1/login", {"user": user, "password": "wrong"}
        )
        return answer.body, time.monotonic() - begin

    differences = []
    while len(differences) < 4 and min(differences, default=1) >= 0.5:
        known, known_time = attempt("carla")
        unknown, unknown_time = attempt(f"nobody-of-this-name-{len(differences)}")
        assert known == unknown
        differences.append(abs(known_time - unknown_time))
    oriel.ctl("unlock", "--user", "carla")
    assert min(differences) < 0.5, differences


def test_guessing_is_slowed_down(oriel, source):
    user = "somebody-to-guess"
    statuses = []
    for _ in range(12):
        answer = oriel.api(source).request(
            "POST", "/api/v1/login", {"user": user, "password": "wrong"}
        )
        statuses.append(answer.status)
        if answer.status == 429:
            assert int(answer.headers["Retry-After"]) >= 1
            break
    assert statuses[0] == 401 and statuses[-1] == 429, statuses


def test_without_token_nothing_opens(oriel, source):
    api = oriel.api(source)
    for path in ("/api/v1/desktops", "/api/v1/sessions", "/api/v1/admin/pools"):
        refused(oriel, api.request("GET", path), 401)
    api.token = "x" * 43
    refused(oriel, api.request("GET", "/api/v1/desktops"), 401)


def test_administration_is_for_administrators(oriel, source):
    refused(oriel, oriel.login("ben", source).request("GET", "/api/v1/admin/pools"), 403)
    assert oriel.login("admin", source).request("GET", "/api/v1/admin/pools").status == 200


def test_logout_ends_the_token(oriel, source):
    api = oriel.login("ben", source)
    api.post("/api/v1/logout")
    refused(oriel, api.request("GET", "/api/v1/desktops"), 401)


@pytest.mark.parametrize(
    "headers, status",
    [
        ({}, 403),
        ({"X-Oriel-CSRF": "1"}, 204),
        ({"X-Oriel-CSRF": "1", "Origin": "https://evil.example"}, 403),
        ({"X-Oriel-CSRF": "1", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_cookie_alone_changes_nothing(oriel, source, headers, status):
    """Another site's page can make the browser send the cookie, but not what else is asked."""
    api = oriel.login("ben", source)
    token, api.token = api.token, None
    cookie = {"Cookie": f"__Host-oriel={token}"}
    assert api.request("GET", "/api/v1/desktops", headers=cookie).status == 200
    answer = api.request("POST", "/api/v1/logout", {}, headers=cookie | headers)
    assert answer.status in ((200, 204) if status == 204 else (403,)), answer.body


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"password":"a"}', b'{"user":"a","password":"b","more":1}',
             b'{"user":"a","user":"b","password":"c"}', b'{"user":1,"password":"c"}', b"\xff"]
)
def test_a_crooked_body_is_400(oriel, source, body):
    answer = oriel.api(source).request(
        "POST", "/api/v1/login", body, {"Content-Type": "application/json"}
    )
    refused(oriel, answer, 400)


def test_a_huge_body_is_refused(oriel, source):
    answer = oriel.api(source).request(
        "POST", "/api/v1/login", b'{"user":"' + b"a" * 200000 + b'"}',
        {"Content-Type": "application/json"},
    )
    assert answer.status in (400, 413)


def test_many_at_once(oriel, source):
    """Slow logins stall neither each other nor the pages."""
    tokens = []

    def one():
        tokens.append(oriel.login("carla", source).token)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert oriel.healthy()
    for thread in threads:
        thread.join()
    assert len(set(tokens)) == 4


def test_pages_and_their_policy(oriel, source):
    answer = oriel.api(source).request("GET", "/")
    assert answer.status == 200 and b"<html" in answer.body
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src" in policy and "unsafe-inline" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert oriel.api(source).request("GET", "/../../etc/passwd").status in (400, 404)
    assert oriel.api(source).request("GET", "/%2e%2e/%2e%2e/etc/passwd").status in (400, 404)
