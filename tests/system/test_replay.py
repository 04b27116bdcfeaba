# SPDX-License-Identifier: GPL-3.0-or-later
"""A few seconds of tests/fuzz/replay: what real viewers and desktops said, changed, against a whole gateway;
one with sanitizers, where tests/run has built it."""

import os
import subprocess

import deployment

SECONDS, ROUNDS = 5, 20  # whichever takes longer


def test_changed_transcripts():
    sanitized = deployment.SOURCE / "build/sanitized"
    built = (sanitized / "gateway/oriel-gateway").exists()
    done = subprocess.run(
        [deployment.SOURCE / "tests/fuzz/replay", "--seconds", str(SECONDS), "--rounds", str(ROUNDS), "--seed", "1"],
        env=os.environ | {"ORIEL_BUILD": str(sanitized if built else deployment.BUILD)},
        capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    rounds, sessions = done.stdout.splitlines()[-1].split(" rounds, ")
    assert int(rounds) >= ROUNDS and int(sessions.split()[0]) >= 3, done.stdout
