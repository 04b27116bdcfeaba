# SPDX-License-Identifier: GPL-3.0-or-later
"""The broker's REST API (docs/api.yaml), as a program uses it."""

import configparser
import http.client
import json
import ssl

import described


class Refused(Exception):
    """An answer that was not expected; .answer has it."""

    def __init__(self, answer):
        super().__init__(f"{answer.status}: {answer.body[:300]!r}")
        self.answer = answer


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


class Api:
    """One user of the API. source: the address to come from, so that one test's refused logins do
    not slow another's down."""

    def __init__(self, host, port, ca, source=None):
        self.host, self.port, self.source = host, port, source
        self.tls = ssl.create_default_context(cafile=ca)
        self.token = None

    def request(self, method, path, body=None, headers=None, timeout=90):
        headers = dict(headers or {})
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        source = (self.source, 0) if self.source else None
        connection = http.client.HTTPSConnection(
            self.host, self.port, context=self.tls, timeout=timeout, source_address=source
        )
        try:
            connection.request(method, path, body, headers)
            answer = Answer(connection.getresponse())
            if method in ("GET", "POST", "DELETE"):
                described.check(method, path, answer)
            return answer
        finally:
            connection.close()

    def get(self, path):
        answer = self.request("GET", path)
        if answer.status != 200:
            raise Refused(answer)
        return answer.json

    def post(self, path, body=None):
        answer = self.request("POST", path, body if body is not None else {})
        if answer.status not in (200, 201, 204):
            raise Refused(answer)
        return answer.json if answer.body else None

    def login(self, user, password):
        self.token = self.post("/api/v1/login", {"user": user, "password": password})["token"]

    def desktops(self):
        answer = self.get("/api/v1/desktops")
        return answer if isinstance(answer, list) else answer["desktops"]

    def desktop(self, pool):
        """The id of this user's card for a pool."""
        return next(card["id"] for card in self.desktops() if card["pool"] == pool)

    def connect(self, pool, protocol):
        """A ticket for a desktop of the pool: the whole answer."""
        return self.post(f"/api/v1/desktops/{self.desktop(pool)}/connect", {"protocol": protocol})

    def ticket(self, pool, protocol):
        return self.connect(pool, protocol)["ticket"]

    def console(self, pool):
        """The .vv file of a desktop: its text, and its keys."""
        answer = self.request("GET", f"/api/v1/desktops/{self.desktop(pool)}/console.vv")
        if answer.status != 200:
            raise Refused(answer)
        text = answer.body.decode()
        parser = configparser.RawConfigParser(strict=True)
        parser.read_string(text)
        return text, dict(parser["virt-viewer"])

    def sessions(self):
        answer = self.get("/api/v1/sessions")
        return answer if isinstance(answer, list) else answer["sessions"]
