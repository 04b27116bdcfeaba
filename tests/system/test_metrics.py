# SPDX-License-Identifier: GPL-3.0-or-later
"""/metrics as Prometheus reads it, and what config/monitoring makes of it."""

import http.client
import json
import re
import subprocess
import time

import oriel as oriel_api
import procs
import pytest
from deployment import SOURCE, eventually
from tickets import opens_web, vnc, web

MONITORING = SOURCE / "config" / "monitoring"
LINE = re.compile(r'([a-z_:]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)')


def ask(oriel, path="/metrics", method="GET"):
    connection = http.client.HTTPConnection(oriel.host, oriel.metrics_port, timeout=60)
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def scrape(oriel):
    """{name: {labels: value}}; labels as they stand in the text."""
    status, text = ask(oriel)
    assert status == 200
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, value = LINE.fullmatch(line).groups()
            assert (labels or "") not in found.setdefault(name, {}), line
            found[name][labels or ""] = float(value)
    return found


def total(metrics, name, *words):
    return sum(
        value
        for labels, value in metrics.get(name, {}).items()
        if all(word in labels for word in words)
    )


@pytest.fixture(scope="module", autouse=True)
def all_is_told(oriel):
    """A gateway tells every three seconds what it has counted: before this file's is what others did."""
    last, since = None, 0

    def quiet():
        nonlocal last, since
        now = {name: labels for name, labels in scrape(oriel).items()
               if name.startswith("oriel_gateway_") and name.endswith("_total")}
        since = since if now == last else time.monotonic()
        last = now
        return time.monotonic() - since > 4

    assert eventually(quiet, 60, 0.2)


def test_sessions_are_counted(oriel, source, books):
    before = scrape(oriel)
    api = oriel.login("ben", source)
    with web(oriel, api.ticket("shared", "web"), source) as viewer:
        opens_web(viewer)

        def there():
            now = scrape(oriel)
            return (
                total(now, "oriel_sessions", 'pool="shared"', 'protocol="web"') == 1
                and total(now, "oriel_desktops", 'pool="shared"', 'state="in-use"') == 1
                and total(now, "oriel_gateway_connections", 'state="relay"') >= 1
            )

        assert eventually(there, 60, 0.2), ask(oriel)[1]

    def gone():
        now = scrape(oriel)

        def more(name, *words):
            return total(now, name, *words) - total(before, name, *words)

        return (
            total(now, "oriel_sessions") == total(before, "oriel_sessions")
            and more("oriel_gateway_relays_total", 'protocol="web"') == 1
            and more("oriel_gateway_client_bytes_total", 'direction="out"') > 100000
            and more("oriel_gateway_ended_total", 'fault="ended"') >= 1
            and more("oriel_events_total", 'event="session-end"') == 1
            and more("oriel_events_total", 'event="login"') == 1
            and more("oriel_connects_total", 'result="ok"') == 1
            and more("oriel_connect_seconds_count") == 1
            and more("oriel_http_requests_total", 'route="/api/v1/login"', 'status="200"') == 1
        )

    assert eventually(gone, 60, 0.2), ask(oriel)[1]


def test_refusals_are_counted(oriel, source):
    before = scrape(oriel)
    with pytest.raises(oriel_api.Refused):
        oriel.api(source).login("ben", "wrong")
    with pytest.raises(Exception):
        vnc(oriel, "no-such-ticket", source)

    def counted():
        now = scrape(oriel)
        return all(
            total(now, name, word) - total(before, name, word) == 1
            for name, word in (
                ("oriel_events_total", 'event="login-refused"'),
                ("oriel_gateway_ended_total", 'fault="denied"'),
                ("oriel_gateway_lost_total", 'step="redeem"'),
            )
        )

    assert eventually(counted, 60, 0.2), ask(oriel)[1]


def test_nothing_of_anybody_is_in_it(oriel, source):
    """Nor can anybody make it grow."""
    api = oriel.login("anna", source)
    card = api.desktop("shared")

    def names():
        return {(name, label) for name, labels in scrape(oriel).items() for label in labels}

    api.request("GET", "/api/v1/desktops/p-1")
    assert eventually(lambda: procs.at_rest(oriel)), oriel.ctl("desktops")
    before = names()
    for i in range(30):
        assert api.request("GET", f"/api/v1/desktops/p-nothing{i}").status == 404
        assert api.request("GET", f"/api/v1/nothing/{i}").status == 404
    assert len(names() - before) <= 2, names() - before
    text = ask(oriel)[1]
    for word in ("anna", "ben", "127.0.", card, api.token, str(oriel.directory)):
        assert word not in text, word


def test_it_is_all_that_is_there(oriel):
    for path in ("/", "/healthz", "/api/v1/session", "/metrics/", "/../metrics"):
        assert ask(oriel, path)[0] == 404
    assert ask(oriel, "/metrics", "POST")[0] == 405
    assert oriel.api().request("GET", "/metrics").status == 404


def test_prometheus_takes_it(oriel):
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=ask(oriel)[1], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_alerts():
    for words in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts-test.yml"]):
        done = subprocess.run(
            ["promtool", *words], cwd=MONITORING, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_watched_is_there(oriel, source):
    """Each metric in a rule or on the dashboard comes from /metrics, with these labels."""
    dashboard = json.loads((MONITORING / "grafana.json").read_text())
    texts = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    ]
    texts.append((MONITORING / "alerts.yml").read_text())
    asked = set(re.findall(r"\b((?:oriel|process)_[a-z_]+)\b", "\n".join(texts)))
    assert len(asked) > 15
    # What has not happened yet is not there.
    oriel.login("ben", source).ticket("shared", "web")
    test_refusals_are_counted(oriel, source)

    def missing():
        return asked - set(re.findall(r"^# TYPE (\S+)", ask(oriel)[1], re.M)) - set(scrape(oriel))

    assert eventually(lambda: not missing()), missing()
