# SPDX-License-Identifier: GPL-3.0-or-later
"""What a PC gives beside its picture. Its loudspeaker beeps, and the viewer of an own desktop, or over a
bridge that of the other protocol, hears that note. The lights of its keyboard are seen."""

import subprocess

import pytest

import console
import deployment
import guests
import rfb
import spice
import tone
from deployment import eventually
from desktops import at_prompt, vnc


def beeps(oriel, protocol):
    """A desktop of carla's that beeps, "loud-vnc" or "loud-spice"."""
    pool = f"loud-{protocol}"
    vm = guests.Vm(protocol, oriel.path(pool), loudspeaker=True)
    vm.home.mkdir()
    with vm.running(), vm.poked(tone.BEEP):
        oriel.ctl("pool", "add", pool, "--kind", "machines")
        oriel.ctl("machine", "add", pool, f"{pool}-1", "--protocol", protocol, "--address", *vm.address)
        oriel.ctl("entitle", pool, "--user", "carla")
        yield vm
        oriel.ctl("pool", "remove", pool)


@pytest.fixture(scope="module")
def loud_spice(oriel):
    yield from beeps(oriel, "spice")


@pytest.fixture(scope="module")
def loud_vnc(oriel):
    yield from beeps(oriel, "vnc")


@pytest.mark.parametrize("rate", [44100, 22050])
def test_spice_is_heard_in_a_vnc_viewer(oriel, loud_spice, books, source, rate):
    with vnc(oriel, source, "carla/loud-spice") as viewer:
        assert tone.is_the_note(tone.vnc_height(viewer, rate))


def test_vnc_is_heard_in_a_spice_viewer(oriel, loud_vnc, books, source):
    ticket = oriel.login("carla", source).ticket("loud-vnc", "spice")
    viewer = spice.Session(lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source), ticket)
    try:
        hertz, rate = tone.spice_height(viewer)
        assert tone.is_the_note(hertz) and rate == 48000
    finally:
        viewer.close()


def test_an_own_desktop_is_heard_in_a_vnc_viewer(oriel, books, reader, source):
    """By way of the display that SPICE viewers hear it by."""
    with vnc(oriel, source, "carla/shared") as viewer:
        at_prompt(viewer, reader)
        for n, line in enumerate(tone.guest_beeps()):
            # The keyboard holds less than all of them.
            viewer.type(f"{line}; echo done{n}\n")
            console.wait_for(viewer, lambda picture, n=n: f"done{n}" in reader.lines(picture))
        assert tone.is_the_note(tone.vnc_height(viewer, 44100))


def caps(on):
    """What a system tells a keyboard to make that light."""
    return (0x60, 0xED), (0x60, 4 if on else 0)


@pytest.mark.parametrize("pool", ["loud_vnc", "loud_spice"])
def test_lights_are_told_to_a_vnc_viewer(oriel, request, books, source, pool):
    """By the desktop itself, and over a bridge."""
    vm = request.getfixturevalue(pool)
    with vnc(oriel, source, f"carla/{pool.replace('_', '-')}") as viewer:
        viewer.want_raw()
        viewer.pack("BxHiii", 2, 3, rfb.RAW, rfb.DESKTOP_SIZE, rfb.LIGHTS)
        for on in (True, False):
            with vm.poked(caps(on)):
                assert eventually(lambda lit=4 * on: viewer.update() and viewer.lights == lit)


@pytest.mark.parametrize("pool", ["loud_vnc", "loud_spice"])
def test_lights_are_told_to_a_spice_viewer(oriel, request, books, source, pool):
    vm = request.getfixturevalue(pool)
    ticket = oriel.login("carla", source).ticket(pool.replace("_", "-"), "spice")
    viewer = spice.Session(lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source), ticket)
    try:
        viewer.attach()
        lights = viewer.open(spice.INPUTS)
        for on in (True, False):
            with vm.poked(caps(on)):
                while int.from_bytes(lights.wait(spice.KEY_MODIFIERS), "little") != 4 * on:
                    pass
    finally:
        viewer.close()


@pytest.fixture
def rdp(oriel, tmp_path):
    """A PC with an RDP server that tells of its keyboard's lights."""
    subprocess.run([deployment.SOURCE / "config/demo/certificate", tmp_path, "localhost"], check=True)
    (tmp_path / "password").write_text("any")
    pc = subprocess.Popen([deployment.BUILD / "tests/system/rdp-lights", tmp_path / "tls.crt", tmp_path / "tls.key"],
                          stdout=subprocess.PIPE, text=True)
    try:
        address = f"bob@127.0.0.1:{pc.stdout.readline().strip()}"
        oriel.ctl("pool", "add", "lit", "--kind", "machines")
        oriel.ctl("machine", "add", "lit", "lit-1", "--protocol", "rdp", "--address", address, "--secret-file",
                  tmp_path / "password")
        oriel.ctl("entitle", "lit", "--user", "carla")
        yield
        oriel.ctl("pool", "remove", "lit")
    finally:
        pc.kill()
        pc.wait(60)
        pc.stdout.close()


def test_lights_of_an_rdp_desktop(oriel, rdp, books, source):
    """Each viewer presses the key, and sees the light that the desktop makes of it."""
    ticket = oriel.login("carla", source).ticket("lit", "spice")
    viewer = spice.Session(lambda: spice.dial(oriel.host, oriel.port, oriel.ca, source), ticket)
    try:
        viewer.attach()
        keyboard = viewer.open(spice.INPUTS)
        for lit in (4, 0):
            keyboard.send(spice.KEY_DOWN, (0x3A).to_bytes(4, "little"))
            keyboard.send(spice.KEY_UP, (0xBA).to_bytes(4, "little"))
            while int.from_bytes(keyboard.wait(spice.KEY_MODIFIERS), "little") != lit:
                pass
    finally:
        viewer.close()
    with vnc(oriel, source, "carla/lit") as viewer:
        viewer.want_raw()
        viewer.pack("BxHiii", 2, 3, rfb.RAW, rfb.DESKTOP_SIZE, rfb.LIGHTS)
        for lit in (4, 0):
            for down in (1, 0):
                viewer.pack("BBxxI", 4, down, 0xFFE5)
            assert eventually(lambda lit=lit: viewer.update() and viewer.lights == lit)
