# SPDX-License-Identifier: GPL-3.0-or-later
"""A broker, a gateway and the login helper of our own, in a directory and on ports of their own.

They run as config/quickstart runs them: the login helper as root, the others each under a numeric
user id that no account has. Unlike there, a test may stop, kill and restart each of them, and
choose every option.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import pwd
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import oriel

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ORIEL_BUILD", SOURCE / "build" / "gcc"))
GUESTS = SOURCE / "build" / "guest"
OUT = SOURCE / "tests" / "out"
# Words to put before the gateway and the login helper: "valgrind --quiet", docs/testing.md. Not
# before the broker: valgrind 3.19 knows no pidfd_open(2), by which the broker holds its QEMUs.
UNDER = os.environ.get("ORIEL_UNDER", "").split()
COMPLAINTS = re.compile(r"Sanitizer|runtime error:|^==\d+== \S")
PEOPLE = ("anna", "ben", "carla", "admin")
RESERVED = []  # what says which user ids and ports are ours, until this process ends
PROGRAMS = (
    "gateway/oriel-gateway",
    "broker/oriel-broker",
    "broker/auth/oriel-auth",
    "broker/auth/oriel-authd",
    "broker/ctl/orielctl",
    "bridge/oriel-bridge",
)
LOBBY = "lobby/oriel-lobby"  # for a deployment that asks for it


def eventually(check, seconds=60.0, every=0.05):
    """Calls check() until it is true, at most so long; returns its last answer."""
    end = time.monotonic() + seconds
    while True:
        answer = check()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(every)


def free_port():
    """One that the kernel gives to no outgoing connection while a daemon is about to bind it, and this
    function to nobody else."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port_reserved(port):
                return port


def processes_of(uid):
    """{pid: command line} of everything that runs under this user id; zombies are not counted."""
    found = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            status = (entry / "status").read_text()
            if re.search(rf"^Uid:\t{uid}\t", status, re.M) and "State:\tZ" not in status:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(entry.name)] = line.decode(errors="replace").strip()
        except OSError:
            continue
    return found


def command_name(pid):
    """What the process calls itself; None if it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return None


def parent(pid):
    """None if the process is gone."""
    try:
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[1])
    except OSError:
        return None


def port_reserved(port):
    """True if no other test in this network has it."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0oriel-test-port-{port}")
    except OSError:
        mark.close()
        return False
    RESERVED.append(mark)
    return True


def uid_reserved(uid):
    """True if no other test on this machine has it: the name of a socket would be a network's, and some run
    in one of their own."""
    mark = pathlib.Path(f"/run/lock/oriel-test-uid-{uid}").open("w")
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        mark.close()
        return False
    RESERVED.append(mark)
    return True


def free_uids():
    taken = {account.pw_uid for account in pwd.getpwall()}
    for uid in range(57300, 57900, 2):
        busy = {uid, uid + 1} & taken or processes_of(uid) or processes_of(uid + 1)
        if not busy and uid_reserved(uid):  # who ends ends all that runs under his
            return uid, uid + 1
    raise RuntimeError("no free user id")


def tiny_guest():
    """The tiny guest's directory; built once and kept, until what it is built of changes."""
    GUESTS.mkdir(parents=True, exist_ok=True)
    with (GUESTS / "tiny.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return built_tiny_guest()


def built_tiny_guest():
    script, guest = SOURCE / "config/guest/tiny", GUESTS / "tiny"
    image, parts = guest / "image.json", [script, script.with_name("common.sh"), script.with_name("identity")]
    parts += (SOURCE / "config/guest/tiny.d").iterdir()
    newest = max(part.stat().st_mtime for part in parts)
    if not image.exists() or image.stat().st_mtime < newest:
        subprocess.run([script, guest], check=True, stdout=subprocess.DEVNULL)
    return guest


class Deployment:
    """The state of one; start() brings it up, stop() takes it and all its desktops down."""

    def __init__(self, name="main", gateway=None, broker=None, lobby=False):
        self.name = name
        self.programs = PROGRAMS + ((LOBBY,) if lobby else ())
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="oriel-", dir="/tmp"))
        self.directory.chmod(0o711)
        self.host = "127.0.0.1"
        self.names = ["localhost", socket.gethostname(), "127.0.0.1", "::1"]  # in the certificate
        self.port, self.vnc_port, self.metrics_port = free_port(), free_port(), free_port()
        self.options = {
            "gateway": {
                "listen": f"{self.host}:{self.port}",
                "listen_vnc": f"{self.host}:{self.vnc_port}",
                "certificate": self.path("tls/tls.crt"),
                "key": self.path("tls/tls.key"),
                "workers": 2,
                "rfb_silence": 8000 if UNDER else 2500,  # a busy machine needs that long for a ClientHello
                "drain": 2,
                **(gateway or {}),
            },
            "broker": {
                "state": self.path("broker"),
                "web_root": self.path("web"),
                "auth": self.path("run/auth.sock"),
                "admins": "admin",
                "public_host": self.host,
                "public_port": self.port,
                "public_vnc_port": self.vnc_port,
                "ca": self.path("tls/ca.pem"),
                "audit_file": self.path("audit/audit.jsonl"),
                "metrics": f"{self.host}:{self.metrics_port}",
                "accel": "tcg",
                "network": "none",
                "lobby": self.path("bin/oriel-lobby") if lobby else "",
                "bridge": self.path("bin/oriel-bridge"),
                **(broker or {}),
            },
            "sockets": {
                name: self.path(f"run/{name}.sock") for name in ("control", "web", "admin")
            },
        }
        self.passwords = {person: secrets.token_hex(8) for person in PEOPLE}
        self.daemons = {}
        self.begun = {}  # where in its log each began
        self.idle_descriptors = None  # of the gateway, see procs.Books
        self.broker_uid, self.gateway_uid = free_uids()

    def path(self, name):
        return self.directory / name

    @property
    def ca(self):
        return self.path("tls/ca.pem")

    # ---- up and down

    def prepare(self):
        for name in ("bin", "web", "guest", "tls", "log"):
            self.path(name).mkdir()
        for name, group, mode in (
            ("broker", self.broker_uid, 0o700),
            ("audit", self.broker_uid, 0o700),
            ("run", self.gateway_uid, 0o2750),
        ):
            self.path(name).mkdir()
            os.chown(self.path(name), self.broker_uid, group)
            self.path(name).chmod(mode)
        for program in self.programs:
            shutil.copy(BUILD / program, self.path("bin"))
        shutil.copytree(BUILD / "web", self.path("web"), dirs_exist_ok=True)
        for file in tiny_guest().iterdir():
            if file.is_file():
                shutil.copy(file, self.path("guest"))
        subprocess.run(
            [SOURCE / "config/demo/certificate", self.path("tls"), *self.names],
            check=True,
        )
        self.path("tls").chmod(0o711)
        os.chown(self.path("tls/tls.key"), self.gateway_uid, self.gateway_uid)
        people = "".join(f"{name}:{password}\n" for name, password in self.passwords.items())
        subprocess.run(
            [SOURCE / "config/demo/people", self.path("pam.d")],
            input=people,
            text=True,
            check=True,
        )
        lines = []
        for group, keys in self.options.items():
            lines += [f"[{group}]"] + [f"{key} = {value}" for key, value in keys.items()]
        self.path("oriel.conf").write_text("\n".join(lines) + "\n")

    def _start(self, name, command, uid=None):
        as_user = []
        if uid is not None:
            as_user = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs"]
        under = UNDER if name != "broker" else []
        log = self.path(f"log/{name}.log").open("ab")
        self.begun[name] = log.tell()
        self.daemons[name] = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *as_user, *under, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={"PATH": os.environ["PATH"], "HOME": str(self.directory)},
            cwd="/",
            start_new_session=True,
        )
        log.close()

    def authd_command(self):
        return [
            self.path("bin/oriel-authd"), "--socket", self.path("run/auth.sock"),
            "--auth", self.path("bin/oriel-auth"), "--pam-confdir", self.path("pam.d"),
            "--uid", self.broker_uid,
        ]

    def start_authd(self):
        self._start("authd", self.authd_command())
        assert eventually(self.path("run/auth.sock").exists), self.tail("authd")

    def start_broker(self):
        program = [self.path("bin/oriel-broker"), "--config", self.path("oriel.conf")]
        self._start("broker", program, self.broker_uid)
        assert eventually(lambda: self.ctl_works() or self.ended("broker"))
        assert not self.ended("broker"), self.tail("broker")

    def start_gateway(self):
        program = [self.path("bin/oriel-gateway"), "--config", self.path("oriel.conf")]
        self._start("gateway", program, self.gateway_uid)
        self.idle_descriptors = None
        assert self.healthy(), self.tail("gateway")

    def start(self):
        self.prepare()
        self.start_authd()
        self.start_broker()
        self.start_gateway()

    def image_arguments(self):
        """What describes the guest to orielctl image add."""
        image = json.loads(self.path("guest/image.json").read_text())
        arguments = []
        for key in sorted(image.keys() - {"name"}):
            value = image[key]
            if key in ("disk", "kernel", "initrd"):
                value = self.path("guest") / pathlib.Path(value).name
            arguments += [f"--{key}", str(value)]
        return arguments

    def add_image(self):
        self.ctl("image", "add", "tiny", *self.image_arguments())

    def ended(self, name):
        return self.daemons[name].poll() is not None

    def signal(self, name, number):
        """Sends a signal and, if it is one that ends, waits for the end."""
        daemon = self.daemons[name]
        daemon.send_signal(number)
        if number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT):
            daemon.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for name in reversed(list(self.daemons)):
            if not self.ended(name):
                self.daemons[name].terminate()
                try:
                    self.daemons[name].wait(15)
                except subprocess.TimeoutExpired:
                    self.daemons[name].kill()
        for number in (signal.SIGTERM, signal.SIGKILL):
            for uid in (self.broker_uid, self.gateway_uid):
                for pid in processes_of(uid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, number)
            if eventually(lambda: not processes_of(self.broker_uid), 5):
                break
        complaints = [
            f"{name}: {line}"
            for name in self.daemons
            for line in self.log(name).splitlines()
            if COMPLAINTS.search(line)
        ]
        keep = OUT / "system" / self.name
        shutil.rmtree(keep, ignore_errors=True)
        with contextlib.suppress(OSError):
            shutil.copytree(self.path("log"), keep)
        shutil.rmtree(self.directory, ignore_errors=True)
        assert not complaints, complaints

    # ---- asking

    def ctl_works(self):
        return self._ctl("pool", "list").returncode == 0

    def _ctl(self, *words):
        command = [self.path("bin/orielctl"), "--socket", self.path("run/admin.sock"), *words]
        return subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            timeout=180,
            stdin=subprocess.DEVNULL,
        )

    def ctl(self, *words):
        """orielctl; what it printed, which for --json is decoded."""
        done = self._ctl(*words)
        assert done.returncode == 0, f"orielctl {words}: {done.stdout}{done.stderr}"
        if "--json" in words:
            return json.loads(done.stdout)
        return done.stdout

    def rows(self, *words):
        """The list in the answer of an orielctl command with --json."""
        answer = self.ctl(*words, "--json")
        return answer if isinstance(answer, list) else next(iter(answer.values()))

    def api(self, source=None):
        return oriel.Api(self.host, self.port, self.ca, source)

    def login(self, user, source=None):
        api = self.api(source)
        api.login(user, self.passwords[user])
        return api

    def healthy(self, seconds=60):
        def check():
            if self.ended("gateway"):
                return False
            try:
                return self.api().request("GET", "/healthz").status == 200
            except OSError:
                return False

        return eventually(check, seconds, 0.1)

    def linked(self):
        """Every worker of the gateway has found the broker that there is now."""
        workers = set(self.pids("gateway")) - {self.daemons["gateway"].pid}
        said = self.log_of_this_run("broker")
        return bool(workers) and all(f"/{pid} is linked" in said for pid in workers)

    def pids(self, name):
        """A daemon and its workers: not a worker's dialer or signer, a look at a configuration, nor what the
        broker is about to start, which looks like itself for a moment."""
        daemon = self.daemons[name].pid
        uid = {"broker": self.broker_uid, "gateway": self.gateway_uid}[name]
        found = {pid for pid, line in processes_of(uid).items()
                 if f"oriel-{name}" in line and " --check" not in line}
        if name == "broker":
            return [pid for pid in found if parent(pid) != daemon]
        found = {pid for pid in found if command_name(pid) not in ("oriel-dialer", "oriel-signer")}
        return [pid for pid in found if parent(pid) not in found - {daemon}]

    def beside(self):
        """The processes beside the gateway's workers: a dialer and a signer for each."""
        return [pid for pid in processes_of(self.gateway_uid)
                if command_name(pid) in ("oriel-dialer", "oriel-signer")]

    def desktops_running(self):
        """{pid: command line} of the QEMU processes."""
        found = processes_of(self.broker_uid)
        return {pid: line for pid, line in found.items() if "qemu-system" in line}

    def file_of(self, desktop, name):
        """Of what its QEMU writes. (Who searches for it stumbles over what is being removed meanwhile.)"""
        return self.path("broker/qemu/desktops") / desktop / "qemu" / name

    def spare_display(self):
        """QEMU's own VNC socket of a desktop that nobody uses: a way past all that is tested."""

        def ready():
            rows = self.rows("desktops")
            # A machine of somebody else's has no such socket.
            return [row for row in rows if row["state"] == "ready" and not row["owner"]
                    and self.file_of(row["id"], "vnc.sock").exists()]

        spares = eventually(ready, 120, 0.2)
        assert spares, self.ctl("desktops")
        return self.file_of(spares[0]["id"], "vnc.sock")

    # ---- logs

    def log(self, name):
        return self.path(f"log/{name}.log").read_text(errors="replace")

    def log_of_this_run(self, name):
        """Since it was started last."""
        return self.path(f"log/{name}.log").read_bytes()[self.begun[name]:].decode(errors="replace")

    def tail(self, name, lines=30):
        return f"{name}:\n" + "\n".join(self.log(name).splitlines()[-lines:])

    @contextlib.contextmanager
    def logged(self, name, *patterns, seconds=60):
        """What happens inside makes `name` log one line, no more, that matches every pattern."""
        before = len(self.log(name))
        yield

        def lines():
            new = self.log(name)[before:].splitlines()
            return [line for line in new if all(re.search(p, line) for p in patterns)]

        assert eventually(lines, seconds), (
            f"{name} logged no line with {patterns}, but:\n{self.log(name)[before:]}"
        )
        assert len(lines()) == 1, f"{name} logged it more than once: {lines()}"

    def refusal(self, step, fault, *more, seconds=60):
        """The gateway logs one line about a refusal with the step and whose fault it was."""
        return self.logged(
            "gateway", rf"\bstep={step}\b", rf"\bfault={fault}\b", *more, seconds=seconds
        )
