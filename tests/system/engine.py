# SPDX-License-Identifier: GPL-3.0-or-later
"""Container engines of our own, Podman with its Docker-compatible API and Docker itself, and a small image
for them, made of this machine's own packages."""

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
    """What both have in common: a service on a socket, and a command line."""

    def __init__(self):
        # Short: sockets below.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="oriel-pm-", dir="/tmp"))
        self.directory.chmod(0o755)
        self.socket = self.directory / "api.sock"
        self.uri = f"unix://{self.socket}"
        self.environment = dict(os.environ)
        self.image = small_image(self.directory)
        self.service = None

    def start(self):
        with (self.directory / "service.log").open("ab") as log:
            self.service = subprocess.Popen(self.serve(), env=self.environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
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

    def run(self, *words):
        done = subprocess.run(self.command(*words), env=self.environment, capture_output=True,
                              text=True, timeout=180, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def inspect(self, desktop="d-1"):
        return json.loads(self.run("inspect", f"oriel-{desktop}"))[0]

    def inside(self, *words, desktop="d-1"):
        return self.run("exec", f"oriel-{desktop}", *words)

    def containers(self):
        return self.run("ps", "--all", "--format={{.Names}}").split()

    def remove(self):
        for name in self.containers():
            self.run("rm", "--force", name)
        self.end_service()
        # Where its layers are it mounts the directory on itself.
        subprocess.run(["umount", self.layers], check=False, stderr=subprocess.DEVNULL)
        # What it started to clean up behind a container may still be at it.
        assert eventually(self.removed), list(self.directory.rglob("*"))

    def removed(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        return not self.directory.exists()


class Podman(Engine):
    def __init__(self):
        super().__init__()
        self.layers = self.directory / "root/overlay"
        configuration = self.directory / "containers.conf"
        configuration.write_text(CONFIGURATION.format(
            nofile=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
            nproc=4096,
        ))
        self.environment["CONTAINERS_CONF"] = str(configuration)

    def command(self, *words):
        places = [f"--{name}={self.directory / name}" for name in ("root", "runroot", "tmpdir")]
        return ["podman", *places, *words]

    def serve(self):
        return self.command("system", "service", "--time=0", self.uri)


class Docker(Engine):
    """No network, which would be this machine's own; containers outlive the service, as Podman's do."""

    def __init__(self):
        super().__init__()
        self.layers = self.directory / "data"
        self.configuration = self.directory / "daemon.json"
        self.configuration.write_text(json.dumps({
            "data-root": str(self.layers), "exec-root": str(self.directory / "exec"),
            "pidfile": str(self.directory / "pid"), "hosts": [self.uri],
            "deprecated-key-path": str(self.directory / "key.json"),
            "bridge": "none", "iptables": False, "ip6tables": False, "ip-forward": False,
            "storage-driver": "vfs", "live-restore": True, "shutdown-timeout": 1,
        }))

    def command(self, *words):
        return ["docker", "--host", self.uri, *words]

    def serve(self):
        return ["dockerd", "--config-file", self.configuration]

    def listens(self):
        return super().listens() and subprocess.run(
            self.command("version"), capture_output=True, check=False).returncode == 0
