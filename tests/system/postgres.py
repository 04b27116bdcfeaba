#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL of our own: in a temporary directory, on a Unix socket only, not as root.

postgres.py COMMAND... runs the command with its address in ORIEL_TEST_DATABASE, and takes it down.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
USER = "nobody"  # initdb wants one with an account


class Postgres:
    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="oriel-pg-", dir="/tmp"))
        self.directory.chmod(0o755)
        self.url = f"postgresql:///postgres?host={self.directory}&user=oriel"
        self.server = None

    def _command(self, program, *words):
        as_user = []
        if os.geteuid() == 0:
            as_user = ["setpriv", f"--reuid={USER}", "--regid=nogroup", "--clear-groups"]
        return [*as_user, str(PROGRAMS / program), *map(str, words)]

    def make(self):
        if os.geteuid() == 0:
            shutil.chown(self.directory, USER)
        subprocess.run(
            self._command("initdb", "-D", self.directory / "data", "-U", "oriel")
            + ["--auth=trust", "--no-sync", "--no-locale", "--encoding=UTF8"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
        )

    def start(self):
        """Comes back once it answers."""
        self.server = subprocess.Popen(
            self._command("postgres", "-D", self.directory / "data", "-k", self.directory)
            + ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB"]
            + ["-c", "max_connections=60"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.directory / "log").open("ab"),
            cwd="/",
            start_new_session=True,
        )
        ready = [str(PROGRAMS / "pg_isready"), "-q", "-t", "1", "-h", str(self.directory)]
        for _ in range(600):
            if subprocess.run(ready, check=False).returncode == 0:
                return
            if self.server.poll() is not None:
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server.wait(0.1)
        raise RuntimeError((self.directory / "log").read_text())

    def stop(self, number=signal.SIGQUIT):
        if self.server and self.server.poll() is None:
            self.server.send_signal(number)
            self.server.wait(60)

    def remove(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def main():
    server = Postgres()
    try:
        server.make()
        server.start()
        environment = {**os.environ, "ORIEL_TEST_DATABASE": server.url}
        return subprocess.run(sys.argv[1:], check=False, env=environment).returncode
    finally:
        server.remove()


if __name__ == "__main__":
    sys.exit(main())
