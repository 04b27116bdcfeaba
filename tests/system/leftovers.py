# SPDX-License-Identifier: GPL-3.0-or-later
"""After all those sessions, crashes and refusals: what does a deployment hold, and what did it say?"""

import procs
from deployment import eventually

# What test_stop.py, test_reload.py, test_certificates.py and test_sandbox.py do on purpose: kill workers
# and what they need, break files.
PROVOKED = (
    "ended by exit code 0; starting it again",
    "ended by signal 9; starting it again",
    "ended by exit code 78; starting it again",
    "no reload: ",
    "the old certificate stays: ",
    "tls.crt: no start line",
    "unknown key nonsense in [gateway]",
    "Address already in use",
    "the signer is gone",
    "the signer does not answer",
)
BUGS = ("fault=bug", "Sanitizer", "Assertion")


def nothing_is_left(oriel):
    assert eventually(lambda: not procs.live_sessions(oriel)), procs.live_sessions(oriel)
    assert eventually(lambda: not procs.auth_helpers(oriel)), procs.auth_helpers(oriel)
    assert eventually(lambda: not procs.strangers(oriel)), procs.strangers(oriel)
    assert eventually(
        lambda: all(row["state"] in ("ready", "off") for row in oriel.rows("desktops")), 120
    ), oriel.ctl("desktops")


def no_daemon_said_that_it_has_a_bug(oriel):
    for name in oriel.daemons:
        lines = [
            line
            for line in oriel.log(name).splitlines()
            if any(bug in line for bug in BUGS) or " error " in line[:60]
        ]
        lines = [line for line in lines if not any(text in line for text in PROVOKED)]
        assert not lines, lines
