# SPDX-License-Identifier: GPL-3.0-or-later
"""Who guesses is slowed down, whatever way they come; who is known at home is not kept out."""

import contextlib
import re
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

import rfb
import spice
from deployment import SOURCE, eventually

USER = "carla"


def by_web(oriel, source, password):
    answer = oriel.api(source).request(
        "POST", "/api/v1/login", {"user": USER, "password": password}
    )
    return answer.status, answer.headers.get("Retry-After")


def by_vnc(oriel, source, password):
    with rfb.Rfb.dial(oriel.host, oriel.vnc_port, source, timeout=90) as viewer:
        try:
            viewer.secure(oriel.ca, USER, password)
        except rfb.Refused as refusal:
            return str(refusal)
        return "in"


def by_spice(oriel, source, password):
    sock = spice.dial(oriel.host, oriel.port, oriel.ca, source, timeout=90)
    with spice.Channel(sock, spice.MAIN) as main:
        try:
            main.login(USER, password)
        except (spice.Refused, spice.Gone) as refusal:  # a link has no code for "later"
            return str(refusal)
        return "in"


def counted(oriel):
    """{(user, place): failures}, as the database has it."""
    with contextlib.closing(sqlite3.connect(oriel.path("broker/broker.db"))) as database:
        rows = database.execute("SELECT user_name, place, failures FROM refusal")
        return {(user, place): failures for user, place, failures in rows}


def go_on_guessing(oriel, seconds):
    """As if the guesses had gone on until the next is heard only after so long."""
    with contextlib.closing(sqlite3.connect(oriel.path("broker/broker.db"), 20)) as database:
        database.execute(
            "UPDATE refusal SET until_at = ? WHERE user_name = ? AND place = ''",
            (int(time.time() + seconds) * 1000, USER),
        )
        database.commit()


@pytest.fixture(scope="module")
def guessed(oriel):
    """Carla is known at home. Two strangers have been wrong for her six times, on every way."""
    home, strangers = "127.0.9.1", ("127.0.9.2", "127.0.9.3")
    oriel.login(USER, home)
    guesses = [
        threading.Thread(target=by, args=(oriel, stranger, "wrong"))
        for stranger in strangers
        for by in (by_web, by_vnc, by_spice)
    ]
    for four in (guesses[:4], guesses[4:]):
        for guess in four:
            guess.start()
        for guess in four:
            guess.join()
    yield home, strangers
    oriel._ctl("unlock", "--user", USER)


def test_all_ways_count_as_one(oriel, guessed):
    home, strangers = guessed
    counts = counted(oriel)
    assert counts[USER, ""] == 6
    assert [counts["", stranger] for stranger in strangers] == [3, 3]
    assert ("", home) not in counts


def test_a_name_under_guess_is_heard_from_home_alone(oriel, guessed):
    """Also after the broker has died and come back."""
    home, strangers = guessed
    right = oriel.passwords[USER]
    go_on_guessing(oriel, 250)
    oriel.signal("broker", signal.SIGKILL)
    oriel.start_broker()
    assert oriel.healthy()
    (ban,) = [row for row in oriel.rows("bans") if row["user"] == USER]
    assert ban["failures"] == 6 and ban["address"] is None and ban["admin"] is None
    status, retry = by_web(oriel, strangers[0], right)
    assert status == 429 and 100 < int(retry) <= 250
    assert re.search("Too many attempts.\nPlease try again in [45] minutes,", by_vnc(oriel, strangers[0], right))
    assert by_spice(oriel, strangers[1], right) != "in"
    assert by_web(oriel, home, right)[0] == 200
    assert by_vnc(oriel, home, right) == "in"
    assert by_spice(oriel, home, right) == "in"


def test_an_admin_unlocks(oriel, guessed, source):
    """One address first, for somebody on a journey; then the name."""
    right = oriel.passwords[USER]
    go_on_guessing(oriel, 250)
    assert by_web(oriel, source, right)[0] == 429
    oriel.ctl("unlock", "--user", USER, "--address", source)
    assert by_web(oriel, source, right)[0] == 200
    assert by_web(oriel, guessed[1][0], right)[0] == 429
    oriel.ctl("unlock", "--user", USER.upper())
    assert by_web(oriel, guessed[1][0], right)[0] == 200
    deeds = [row["detail"] for row in oriel.rows("audit", "--text", "unlock")]
    assert f"unlock user {USER}" in deeds and f"unlock user {USER} at {source}" in deeds


def test_a_ban_holds_at_home_too(oriel, guessed, source):
    home, _ = guessed
    right = oriel.passwords[USER]
    oriel.ctl("ban", "--user", USER, "--reason", "lost a laptop")
    (ban,) = [row for row in oriel.rows("bans") if row["user"] == USER]
    assert ban["until"] == 0 and ban["reason"] == "lost a laptop"
    assert by_web(oriel, home, right)[0] == 429
    assert "Too many attempts.\nPlease try again in 60 minutes," in by_vnc(oriel, home, right)
    assert by_spice(oriel, home, right) != "in"
    oriel.ctl("unlock", "--user", USER)
    assert by_web(oriel, home, right)[0] == 200

    admin = oriel.login("admin")
    admin.post("/api/v1/admin/bans", {"address": source, "minutes": 5})
    assert by_web(oriel, source, right)[0] == 429
    assert admin.request("DELETE", f"/api/v1/admin/bans?address={source}").status == 204
    assert admin.request("DELETE", f"/api/v1/admin/bans?address={source}").status == 404
    assert admin.request("DELETE", "/api/v1/admin/bans?address=2001:db8::/32").status == 400
    assert eventually(lambda: by_web(oriel, source, right)[0] == 200)


def test_a_name_is_no_command(oriel, tmp_path):
    """The names that strangers try are offered to an administrator's shell, which runs none of them."""
    mark = tmp_path / "mark"
    evil = f"$(touch {mark}) `touch {mark}`;touch {mark}"
    oriel.ctl("ban", "--user", evil)
    try:
        words = [oriel.path("bin/orielctl"), "--socket", oriel.path("run/admin.sock"), "unlock", "--user", ""]
        script = (f". {SOURCE}/config/completion/orielctl; COMP_WORDS=(\"$@\"); COMP_CWORD=5; _orielctl \"$1\";"
                  'printf "%s\\n" "${COMPREPLY[@]}"; eval "offered=(${COMPREPLY[*]})"; printf "%s\\n" "${offered[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", *map(str, words)], check=True, text=True,
                              capture_output=True)
        assert not mark.exists()
        assert evil in done.stdout.splitlines(), done  # as it is, once the shell has read it
    finally:
        oriel.ctl("unlock", "--user", evil)
