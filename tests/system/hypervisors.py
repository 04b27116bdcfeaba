# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt's drivers for other makers' hypervisors can be shown without one: VMware's simulator of an
ESX host, and a stand-in for the program by which VMware Workstation and Player are told what to do."""

import contextlib
import os
import pathlib
import queue
import random
import shutil
import signal
import subprocess
import tempfile
import threading

import deployment

GO = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "-p=2"}
SOURCES = pathlib.Path(__file__).parent / "esx"
SIMULATOR = pathlib.Path(GO["GOPATH"]) / "src/github.com/vmware/govmomi/simulator"


def own_address():
    """Of this machine, and of nobody else: VNC ports are few."""
    return f"127.{random.randrange(1, 250)}.{random.randrange(256)}.{random.randrange(1, 255)}"


def esx_possible():
    return shutil.which("go") and SIMULATOR.exists()


def esx_program(directory):
    """The simulator, built by Debian's compiler from Debian's sources: half a minute the first time."""
    cache = deployment.BUILD / "go-cache"
    program = directory / "esx"
    subprocess.run(
        ["go", "build", "-o", program, "."], cwd=SOURCES, check=True, timeout=900,
        env={**os.environ, **GO, "GOCACHE": str(cache)},
    )
    return program


class Esx:
    """An ESX host, or a vCenter. golden/golden.vmdk is on its datastore. like: one that has ended and comes
    back."""

    def __init__(self, program, directory, version="6.5.0", model="esx", like=None):
        self.address = like.address if like else own_address()
        self.port = like.port if like else deployment.free_port()
        self.password = "p&ä ss"
        self.log = directory / f"esx-{self.port}.log"
        self.process = subprocess.Popen(
            [program, model, f"{self.address}:{self.port}", "root", self.password, version],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log.open("ab"), text=True,
            env={**os.environ, "TMPDIR": str(directory)},
        )
        line = queue.Queue()
        threading.Thread(target=lambda: line.put(self.process.stdout.readline()), daemon=True).start()
        self.store = pathlib.Path(line.get(timeout=60).strip())
        (self.store / "golden").mkdir()
        (self.store / "golden/golden.vmdk").write_text("# Disk DescriptorFile\n")
        self.credentials = directory / "auth.conf"
        self.credentials.write_text(
            f"[credentials-esx]\npassword={self.password}\n"
            f"[auth-esx-{self.address}]\ncredentials=esx\n"
        )
        self.credentials.chmod(0o600)
        self.model = model
        self.query = f"no_verify=1&authfile={self.credentials}"
        self.uri = self.uri_of("root")

    def uri_of(self, user, query=None):
        path = "" if self.model == "esx" else "DC0/DC0_H0"
        return f"{self.model}://{user}@{self.address}:{self.port}/{path}?{query or self.query}"

    def called(self):
        """The calls of the API so far."""
        return self.log.read_text().split()

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(60) == 0
        assert not self.store.exists()


class Workstation:
    """VMware Workstation and Player, as far as libvirt sees: programs in a directory of the search path."""

    def __init__(self, directory):
        self.directory = directory / "bin"
        self.directory.mkdir()
        for name in ("vmrun", "vmplayer", "vmware"):
            shutil.copy(pathlib.Path(__file__).parent / "vmware/vmrun", self.directory / name)
        self.address = own_address()
        self.disk = directory / "office/office.vmdk"
        self.disk.parent.mkdir()
        self.disk.write_text("# Disk DescriptorFile\n")
        # A sanitized build is told what libvirt loses, by names that are far down the stack.
        known = deployment.SOURCE / "tests/lsan.supp"
        self.environment = {
            "PATH": f"{self.directory}:{os.environ['PATH']}",
            "ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:fast_unwind_on_malloc=0",
            "LSAN_OPTIONS": f"suppressions={known}:print_suppressions=0",
        }

    def called(self):
        return (self.directory / "calls").read_text().splitlines()

    def pids(self):
        """Of the QEMUs that stand for its virtual machines."""
        return [int(file.read_text().split()[0]) for file in self.directory.glob("*.pid")]

    def end(self):
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
