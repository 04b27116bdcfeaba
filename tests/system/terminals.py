# SPDX-License-Identifier: GPL-3.0-or-later
"""Viewers that people use, unchanged, each in a window of an X display of ours: how one is told where
to go and who comes."""

import configparser
import pathlib
import pwd
import subprocess

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import deployment
from deployment import eventually

REMMINA_KEY = bytes(range(32))  # what its passwords are hidden with: 24 bytes key, 8 bytes start
PATIENCE = 60


def window(display, *words):
    """Waits for a window that xdotool finds by these words; makes it the one with the keyboard."""
    def search():
        found = display.ask("search", "--onlyvisible", *words).split()
        return found[-1] if found else None

    found = eventually(search, PATIENCE, 0.1)
    assert found, f"no window: {words}"
    display.ask("windowactivate", "--sync", found)
    return found


def tigervnc(system, display, log, user, password):
    """No name: it has to sign in in the lobby."""
    words = ["xtigervncviewer", "-RemoteResize=0", "-Log=*:stderr:30", "-AlertOnFatalError=0",
             "-ReconnectOnError=0", f"-X509CA={system.ca}", f"{system.host}::{system.vnc_port}"]
    if user:
        display.run(words, log, {"VNC_USERNAME": user, "VNC_PASSWORD": password})
    else:
        display.run([*words, "-SecurityTypes=X509None"], log)


def gvncviewer(system, display, log, user, password):
    """It takes certificates from the account's home alone, whatever HOME says: in a mount namespace
    of its own that is an empty place with ours."""
    home = pwd.getpwuid(0).pw_dir
    number = system.vnc_port - 5900
    display.run(["unshare", "--mount", "sh", "-ec",
                 'mount -t tmpfs none "$0"; mkdir -p "$0/.pki/CA"; cp "$1" "$0/.pki/CA/cacert.pem"; '
                 'exec gvncviewer "$2"', home, system.ca, f"{system.host}:{number}"], log)
    window(display, "--name", "Authentication required")
    if user:
        display.type(user)
    display.key("Tab")
    if password:
        display.type(password)
    display.key("Return")


def hidden(password):
    """As Remmina writes a password into a file."""
    plain = password.encode()
    plain += bytes(8 - len(plain) % 8)
    box = Cipher(algorithms.TripleDES(REMMINA_KEY[:24]), modes.CBC(REMMINA_KEY[24:])).encryptor()
    return base64(box.update(plain) + box.finalize())


def base64(data):
    return subprocess.run(["base64", "-w0"], input=data, capture_output=True, check=True).stdout.decode()


def remmina(system, display, log, user, password):
    home = pathlib.Path(display.environment["HOME"])
    settings = home / ".config/remmina"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "remmina.pref").write_text(f"[remmina_pref]\nsecret={base64(REMMINA_KEY)}\n"
                                           "periodic_news_permitted=0\nperiodic_rmnews_last_get=9999999999\n")
    profile = home / "desk.remmina"
    profile.write_text(f"[remmina]\nname=desk\nprotocol=VNC\nserver={system.host}:{system.vnc_port}\n"
                       f"username={user}\npassword={hidden(password)}\nencryption=0\ndisableencryption=0\n"
                       f"cacert={system.ca}\nviewmode=1\nwindow_width=1080\nwindow_height=860\nscale=0\n"
                       "quality=9\ncolordepth=32\nkeyboard_grab=0\n")
    display.run(["dbus-run-session", "remmina", "-c", profile], log)


def place(system):
    return f"spice://{system.host}?tls-port={system.port}"


def remote_viewer(system, display, log, console=None):
    """console: a .vv file; without, it has to sign in in the lobby."""
    words = [f"--spice-ca-file={system.ca}", place(system)]
    if console:
        words = [pathlib.Path(display.environment["HOME"]) / "console.vv"]
        words[0].write_text(console)
    display.run(["dbus-run-session", "remote-viewer", *words], log)


def spicy(system, display, log, console=None):
    """It reads no .vv file: what counts in it goes onto its command line. Asked not to scale."""
    settings = pathlib.Path(display.environment["HOME"]) / ".config/spicy/settings"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("[general]\nscaling=false\nresize-guest=false\n")
    words = ["spicy", "--uri", place(system), f"--spice-ca-file={system.ca}"]
    if console:
        parser = configparser.RawConfigParser(strict=True)
        parser.read_string(console)
        words += ["-w", parser["virt-viewer"]["password"]]
    display.run(["dbus-run-session", *words], log)


VNC = {"TigerVNC": tigervnc, "gvncviewer": gvncviewer, "Remmina": remmina}
SPICE = {"remote-viewer": remote_viewer, "spicy": spicy}


def novnc(system, log, user, password, desktop, text, canvas, page):
    """Types the text into the desktop's page; keeps its picture and what the page looks like."""
    with log.open("ab") as said:
        done = subprocess.run(
            ["node", deployment.SOURCE / "tests/browser/drive.mjs", "--ca", system.ca, "--url",
             f"https://{system.host}:{system.port}/", "--user", user, "--password", password, "--desktop", desktop,
             "--type", text.rstrip("\n"), "--screenshot", canvas, "--page-shot", page, "--timeout", "60"],
            stdout=said, stderr=said, timeout=150)
    assert done.returncode == 0, log.read_text()[-600:]
