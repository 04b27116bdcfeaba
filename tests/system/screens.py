# SPDX-License-Identifier: GPL-3.0-or-later
"""An X display of our own for real viewers: keys into it, pictures out of it.

Unless said otherwise it is exactly as large as the tiny guest's screen, so that a viewer in full
screen shows one guest pixel per screen pixel and the picture can be read.
"""

import os
import re
import signal
import subprocess

from PIL import Image

import console
from deployment import eventually


class Display:
    def __init__(self, home, size=console.SIZE, server=None, manager=True):
        """server: the words of another X server than Xvfb, with a display of this size. manager: with
        a window manager."""
        self.programs, self.size, self.manager = [], size, manager
        server = server or ["Xvfb", "-screen", "0", "{}x{}x24".format(*size),
                            "-noreset",  # else it starts anew when the first of two who ask has left
                            "-r"]  # a key that is slow to be released on a busy machine is no second one
        read, write = os.pipe()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(home),
            "NO_AT_BRIDGE": "1",
            "GSETTINGS_BACKEND": "memory",
        }
        self._spawn([*server, "-displayfd", write, "-nolisten", "tcp"], pass_fds=[write])
        os.close(write)
        with os.fdopen(read) as numbers:
            self.environment["DISPLAY"] = f":{numbers.readline().strip()}"
        if not manager:
            return
        self._spawn(["openbox"])
        # A viewer that maps its window before there is a window manager has neither full screen
        # nor the keyboard.
        assert eventually(self._managed), "openbox did not start"

    def _spawn(self, command, **more):
        program = subprocess.Popen(
            [str(word) for word in command],
            env=self.environment | more.pop("env", {}),
            stdin=subprocess.DEVNULL,
            stdout=more.pop("log", subprocess.DEVNULL),
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **more,
        )
        self.programs.append(program)
        return program

    def _root(self, name):
        """A property of the root window, as xprop shows it."""
        return subprocess.run(["xprop", "-root", name], env=self.environment, capture_output=True, text=True,
                              timeout=60).stdout

    def _managed(self):
        return "window id" in self._root("_NET_SUPPORTING_WM_CHECK")

    def _focused(self):
        """One window has the keyboard: one that has just come may have to wait for it."""
        return not self.manager or re.search("window id # 0x[0-9a-f]*[1-9a-f]", self._root("_NET_ACTIVE_WINDOW"))

    def run(self, command, log, env=None):
        """Starts a viewer; it ends with the display at the latest."""
        return self._spawn(command, log=log, env=env or {})

    def clipboard(self, text=None):
        """What is copied there; text: copies it."""
        done = subprocess.run(["xclip", "-selection", "clipboard", "-o" if text is None else "-i"], env=self.environment,
                              input=text, stdout=subprocess.PIPE if text is None else subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, text=True, timeout=60)
        return done.stdout

    def paper(self, colours):
        """Behind all windows: from one colour to another, as ImageMagick names them (which does it, and says
        that it failed)."""
        subprocess.run(["display", "-window", "root", "-size", "{}x{}".format(*self.size), f"gradient:{colours}"],
                       env=self.environment, timeout=60)

    def keyboard(self, layout):
        """What is not on the keyboard, xdotool puts there for a moment: a viewer that is slow to ask
        which letter a key was gets another one. To be called before the viewer starts."""
        subprocess.run(["setxkbmap", layout], env=self.environment, check=True, timeout=60)

    def _xdotool(self, *words):
        subprocess.run(["xdotool", *words], env=self.environment, check=True, timeout=60)

    def ask(self, *words):
        """What xdotool prints; nothing if it finds nothing."""
        return subprocess.run(["xdotool", *words], env=self.environment, timeout=60,
                              capture_output=True, text=True).stdout

    def type(self, text):
        """As a person would: into whatever window has the keyboard; a newline is Return."""
        eventually(self._focused)
        for line in text.splitlines(keepends=True):
            self._xdotool("type", "--delay", "40", line.rstrip("\n"))
            if line.endswith("\n"):
                self._xdotool("key", "Return")

    def key(self, *names):
        eventually(self._focused)
        self._xdotool("key", *names)

    def screenshot(self):
        picture = subprocess.run(
            ["import", "-silent", "-window", "root", "-depth", "8", "rgb:-"],
            env=self.environment,
            check=True,
            timeout=60,
            stdout=subprocess.PIPE,
        ).stdout
        return Image.frombytes("RGB", self.size, picture)

    def close(self):
        """With what they have started themselves: dbus-run-session leaves its bus behind."""
        for program in reversed(self.programs):
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGTERM)
        for program in reversed(self.programs):
            try:
                program.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(program.pid, signal.SIGKILL)
                program.wait()
