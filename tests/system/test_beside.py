# SPDX-License-Identifier: GPL-3.0-or-later
"""What a PC gives beside its picture. Its loudspeaker beeps, and the viewer of an own desktop, or over a
bridge that of the other protocol, hears that note. The lights of its keyboard are seen."""

import pytest

import console
import guests
import rfb
import spice
import tone
from deployment import eventually
from test_desktops import at_prompt, vnc


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
