# SPDX-License-Identifier: GPL-3.0-or-later
"""A container engine of our own, Podman with its Docker-compatible API, and a small image for it, made
of this machine's own packages."""

import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile

from deployment import SOURCE, eventually

# runc: crun 1.8 refuses machines that have both versions of cgroups. Podman's own idea of limits may be
# above ours, and raising them takes a right that not every machine gives to its root.
CONFIGURATION = """\
[containers]
netns = "none"
default_ulimits = ["nofile={nofile}:{nofile}", "nproc={nproc}:{nproc}"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""


def copy_program(program, tree):
    """With the libraries that it names, to where they are here."""
    path = shutil.which(program)
    libraries = subprocess.run(["ldd", path], check=True, capture_output=True, text=True).stdout
    for file in [path, *re.findall(r"(/lib\S+) \(", libraries)]:
        target = tree / file.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy(file, target)


def small_image(directory):
    """An X server and busybox: image.json as for "image add"."""
    tree = directory / "tree"
    for name in ("bin", "etc", "proc", "sys", "dev", "run/oriel", "tmp", "usr/share/X11"):
        (tree / name).mkdir(parents=True)
    (tree / "tmp").chmod(0o1777)
    (tree / "etc/passwd").write_text("user:x:1000:1000::/tmp:/bin/sh\n")
    shutil.copy(shutil.which("busybox"), tree / "bin/busybox")
    for name in ("sh", "cat", "mkdir", "sleep", "kill", "ln", "rm", "touch", "ls", "mv"):
        (tree / "bin" / name).symlink_to("busybox")
    for program in ("Xtigervnc", "xkbcomp"):
        copy_program(program, tree)
    shutil.copytree("/usr/share/X11/xkb", tree / "usr/share/X11/xkb", symlinks=True)
    script = SOURCE / "config/guest/container"
    subprocess.run([script, directory, tree], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return json.loads((directory / "image.json").read_text())


class Engine:
    def __init__(self):
        # Short: sockets below.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="oriel-pm-", dir="/tmp"))
        self.directory.chmod(0o755)
        (self.directory / "containers.conf").write_text(CONFIGURATION.format(
            nofile=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
            nproc=4096,
        ))
        self.socket = self.directory / "api.sock"
        self.uri = f"unix://{self.socket}"
        self.image = small_image(self.directory)
        self.service = None

    def command(self, *words):
        places = [f"--{name}={self.directory / name}" for name in ("root", "runroot", "tmpdir")]
        return ["podman", *places, *words]

    @property
    def environment(self):
        return {**os.environ, "CONTAINERS_CONF": str(self.directory / "containers.conf")}

    def start(self):
        log = (self.directory / "service.log").open("ab")
        self.service = subprocess.Popen(
            self.command("system", "service", "--time=0", self.uri),
            env=self.environment, stdout=log, stderr=log,
        )
        log.close()
        assert eventually(self.listens), (self.directory / "service.log").read_text()
        self.socket.chmod(0o666)

    def listens(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def end_service(self):
        """The containers go on without it."""
        self.service.send_signal(signal.SIGTERM)
        self.service.wait(60)
        self.socket.unlink(missing_ok=True)

    def podman(self, *words):
        done = subprocess.run(self.command(*words), env=self.environment, capture_output=True,
                              text=True, timeout=180, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def inspect(self, desktop="d-1"):
        return json.loads(self.podman("inspect", f"oriel-{desktop}"))[0]

    def inside(self, *words, desktop="d-1"):
        return self.podman("exec", f"oriel-{desktop}", *words)

    def containers(self):
        return self.podman("ps", "--all", "--format={{.Names}}").split()

    def remove(self):
        for name in self.containers():
            self.podman("rm", "--force", "--time=0", name)
        self.end_service()
        # Where Podman keeps its overlays it mounts the directory on itself.
        subprocess.run(["umount", self.directory / "root/overlay"], check=False,
                       stderr=subprocess.DEVNULL)
        # What Podman started to clean up behind a container may still be at it.
        assert eventually(self.removed), list(self.directory.rglob("*"))

    def removed(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        return not self.directory.exists()
