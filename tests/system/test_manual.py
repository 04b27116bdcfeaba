# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual pages know every option of the configuration and every word of orielctl."""

import re
import subprocess

import pytest

from deployment import BUILD, SOURCE

GROUPS = ["gateway", "broker", "oidc", "tunnel", "sockets"]


def page(name):
    return (SOURCE / "docs/man" / name).read_text().replace("\\_", "_")


def sections(text):
    """{heading: its lines}"""
    parts = re.split(r"^# (.*)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


@pytest.mark.parametrize("group", GROUPS)
def test_options(group):
    table = (SOURCE / "config/options.c").read_text()
    known = re.findall(rf'^\t{{"{group}", "(\w+)",', table, re.M)
    told = sections(page("oriel.conf.5.scd"))[f"[{group}]"]
    heads = "\n".join(line for line in told.splitlines() if line.startswith("*"))
    assert known and sorted(re.findall(r"\*(\w+)\*(?=,| =)", heads)) == sorted(known)


def commands():
    said = subprocess.run([BUILD / "broker/ctl/orielctl", "--help"], capture_output=True,
                          text=True, check=True, timeout=60).stdout
    return re.findall(r"^  (\S.*)$", said, re.M)


@pytest.mark.parametrize("line", commands())
def test_command(line):
    """Its own words, behind which the page has all that may follow."""
    words = re.match(r"[a-z]+( [a-z]+)*", line)[0]
    heads = [head for head in page("orielctl.1.scd").splitlines()
             if re.match(rf"(.*, )?\*{words}\*", head)]
    assert len(heads) == 1, heads
    options = set(re.findall(r"--[\w-]+", line))
    assert set(re.findall(r"--[\w-]+", heads[0])) == options
