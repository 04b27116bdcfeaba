# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel says of the rights that a process has given up."""

import pathlib
import re

# A build for checking leaves them open, and says so.
OPEN_BUILD = "leaves the sandbox open"
OPEN_PROGRAM = b"__lsan_default_options"  # what only such a build has
FILTERED, NONE = "2", "0000000000000000"


def is_open(program):
    """A program that logs nothing does not say so."""
    return OPEN_PROGRAM in pathlib.Path(program).read_bytes()


def status(pid):
    """Empty once it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return {}
    return dict(re.findall(r"^(\w+):\t(.*)$", text, re.M))


def core_limit(pid):
    text = pathlib.Path(f"/proc/{pid}/limits").read_text()
    return re.search(r"^Max core file size +(\S+) +(\S+)", text, re.M).groups()


def confined(pid):
    facts = status(pid)
    assert facts["NoNewPrivs"] == "1"
    assert {facts[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Amb")} == {NONE}
    assert core_limit(pid) == ("0", "0")
    return facts["Seccomp"] == FILTERED


def shut_in(pid):
    """Has it shut itself in, or gone? One that has just been started has not, yet."""
    return status(pid).get("Seccomp") in (FILTERED, None)
