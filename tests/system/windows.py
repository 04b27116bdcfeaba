# SPDX-License-Identifier: GPL-3.0-or-later
"""A viewer's window, by its picture and its keyboard: what a person would see and type there."""

import console
from deployment import OUT, eventually

VIEWER = [
    "xtigervncviewer", "-FullScreen=1", "-RemoteResize=0",
    "-Log=*:stderr:30",  # with 100 it draws how fast it is, into a corner: no picture comes to rest
    "-AlertOnFatalError=0", "-ReconnectOnError=0", "-MenuKey=", "-NoJPEG=1",
]


def keep(request, picture):
    picture.save(OUT / "system" / f"{request.node.name}.png")


def at_prompt(display, reader, seconds=120):
    return eventually(lambda: reader.prompts(display.screenshot()), seconds, 0.3)


def sees(display, reader, line, seconds=60):
    def look():
        return line in reader.lines(display.screenshot())

    return eventually(look, seconds, 0.3)


def types(display, reader, word):
    """Into a console that waits for a command; true once the answer is there."""
    return console.until_seen(lambda begin: display.type(f"{begin}clear; echo {word}\n"),
                              lambda: sees(display, reader, word, 20))


def works(display, reader, request, word):
    """The viewer shows a console; what is typed into it comes back from the guest."""
    try:
        assert at_prompt(display, reader), "no picture with a prompt came"
        assert types(display, reader, word), "the word is not on the screen"
    finally:
        keep(request, display.screenshot())
