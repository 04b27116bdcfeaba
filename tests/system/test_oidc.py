# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in to the portal at a real OpenID provider (npm oidc-provider), with Chromium and without."""

import contextlib
import http.cookies
import json
import secrets
import signal
import socket
import ssl
import subprocess
import threading
import urllib.parse

import pytest

import deployment
from deployment import SOURCE, eventually, free_port

BROWSER = SOURCE / "tests/browser"
HERE = "/api/v1/oidc"


class Provider:
    def __init__(self, system, port, secret):
        self.log = system.path("log/provider.log")
        settings = {
            "port": port, "certificate": str(system.path("tls/tls.crt")),
            "key": str(system.path("tls/tls.key")), "client": "oriel", "secret": secret,
            "base": f"https://{system.host}:{system.port}/",
            "groups": {"dora": ["id-admins"], "anna": ["staff"]},
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["node", BROWSER / "provider.mjs"], stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        self.process.stdin.write(json.dumps(settings).encode())
        self.process.stdin.close()
        self.await_word("ready")

    def await_word(self, word):
        assert eventually(lambda: word in self.log.read_text().split(), 120), self.log.read_text()

    def renew(self):
        """Other keys; and what it knows of people is at its userinfo endpoint alone."""
        self.process.send_signal(signal.SIGUSR2)
        self.await_word("renewed")

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


@pytest.fixture(scope="module")
def site():
    system = deployment.Deployment("oidc", broker={"admins": "@id-admins"})
    system.id_port, system.id_secret = free_port(), secrets.token_hex(16)
    system.options["oidc"] = {
        "issuer": f"https://127.0.0.1:{system.id_port}", "client_id": "oriel",
        "client_secret_file": system.path("id.secret"), "label": "Example", "ca": system.ca,
    }
    secret = system.path("id.secret")
    secret.write_text(system.id_secret + "\n")
    secret.chmod(0o600)
    deployment.os.chown(secret, system.broker_uid, system.broker_uid)
    try:
        system.start()
        yield system
    finally:
        system.stop()


@pytest.fixture(scope="module")
def provider(site):
    one = Provider(site, site.id_port, site.id_secret)
    yield one
    one.stop()  # the last test has, already


def in_chromium(site, name):
    done = subprocess.run(
        ["node", BROWSER / "signin.mjs", f"https://{site.host}:{site.port}/", name],
        capture_output=True, text=True, timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr + site.tail("broker")
    return json.loads(done.stdout)


def test_in_and_out(site, provider):
    """A person, then an administrator by their group; the provider changes in between."""
    assert in_chromium(site, "anna") == {"user": "anna", "admin": False, "again": True}
    provider.renew()
    assert in_chromium(site, "dora") == {"user": "dora", "admin": True, "again": True}
    (entry,) = [row for row in site.rows("audit") if row["user"] == "anna" and row["event"] == "login"]
    assert entry["detail"] == "oidc"
    assert site.id_secret not in site.log("broker") + site.log("gateway")


def begin(site):
    """The cookie of a sign-in, and what is asked of the provider."""
    answer = site.api().request("GET", f"{HERE}/login")
    assert answer.status == 302, answer.body
    cookie = answer.headers["Set-Cookie"]
    for word in ("__Host-", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age="):
        assert word in cookie
    url = urllib.parse.urlsplit(answer.headers["Location"])
    return cookie.split(";")[0], dict(urllib.parse.parse_qsl(url.query)), url


def come_back(site, cookie, source=None, **query):
    path = f"{HERE}/return?{urllib.parse.urlencode(query)}"
    answer = site.api(source).request("GET", path, headers={"Cookie": cookie} if cookie else {})
    assert answer.status == 302
    kept = http.cookies.SimpleCookie()
    for line in answer.headers.get_all("Set-Cookie") or []:
        kept.load(line)
    assert "__Host-oriel" not in kept, "a login"
    return answer.headers["Location"]


def test_what_is_asked(site, provider):
    cookie, asked, url = begin(site)
    assert url.netloc == f"127.0.0.1:{site.id_port}"
    assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"https://{site.host}:{site.port}{HERE}/return"
    assert asked["scope"] == "openid profile"
    _, other, _ = begin(site)
    for key in ("state", "nonce", "code_challenge"):
        assert len(asked[key]) >= 43 and asked[key] != other[key] and asked[key] not in cookie


def test_what_nobody_began_signs_nobody_in(site, provider):
    """Another's link, a made-up code, an answer of another provider, no cookie."""
    cookie, asked, _ = begin(site)
    _, other, _ = begin(site)
    state, denied = asked["state"], "/#/signin-failed/denied"
    assert come_back(site, cookie, code="x", state=other["state"]) == denied
    assert come_back(site, cookie, code="x") == denied
    assert come_back(site, None, code="x", state=state) == denied
    assert come_back(site, cookie, code="x", state=state, iss="https://evil.example") == denied
    assert come_back(site, cookie, error="access_denied", state=state) == denied
    with site.logged("broker", "the OpenID provider answers 400", "invalid_grant"):
        assert come_back(site, cookie, code="x", state=state) == denied
    assert state not in site.log("broker")


def test_the_provider_goes_away(site, provider):
    """Who comes back then is told; passwords work all the same."""
    cookie, asked, _ = begin(site)
    provider.stop()
    assert come_back(site, cookie, code="x", state=asked["state"]) == "/#/signin-failed/broker"
    api = site.api()
    api.login("anna", site.passwords["anna"])
    assert api.request("GET", HERE).json == {"label": "Example"}


class Silent:
    """A provider, at the same place, that says where it is, takes every code and answers none."""

    def __init__(self, site):
        self.held, here = [], f"https://127.0.0.1:{site.id_port}"
        self.places = {"issuer": here, "authorization_endpoint": f"{here}/auth",
                       "token_endpoint": f"{here}/token", "jwks_uri": f"{here}/jwks"}
        self.listener = socket.create_server(("127.0.0.1", site.id_port), backlog=64)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(site.path("tls/tls.crt"), site.path("tls/tls.key"))
        self.thread = threading.Thread(target=self.take)

    def take(self):
        with contextlib.suppress(OSError):
            while True:
                one, _ = self.listener.accept()
                one = self.context.wrap_socket(one, server_side=True)
                if one.recv(65536).startswith(b"POST "):
                    self.held.append(one)
                    continue
                body = json.dumps(self.places).encode()
                one.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                one.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(60)
        for one in self.held:
            one.close()


def test_one_address_does_not_take_all(site):
    """A code costs a stranger nothing, and us a question to the provider, of which there are not many at a
    time: who asks them all from one place keeps nobody else out. (The provider is gone by now.)"""
    crowd, ended = 24, []

    def ask(source):
        ended.append(come_back(site, cookie, source, code="x", state=asked["state"]))

    threads = [threading.Thread(target=ask, args=("127.0.0.21",)) for _ in range(crowd)]
    with Silent(site) as silent:
        cookie, asked, _ = begin(site)
        for thread in threads:
            thread.start()
        assert eventually(lambda: len(silent.held) + len(ended) == crowd), (silent.held, ended)
        assert set(ended) == {"/#/signin-failed/busy"}
        before = len(silent.held)
        threads.append(threading.Thread(target=ask, args=("127.0.0.22",)))
        threads[-1].start()
        assert eventually(lambda: len(silent.held) == before + 1), ended[-1]
        assert set(ended) == {"/#/signin-failed/busy"}, "the crowd had gone by then"
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
