# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests/bench/run measures: the gateway with each of its protocols, and TLS proxies in front
of the same desktop."""

import contextlib
import pathlib
import shutil
import signal
import subprocess
import time

import deployment


class Target:
    """How a client reaches it: protocol, host, port, tickets; socket: that of the desktop behind it;
    pids(): the processes that serve it."""

    host = "127.0.0.1"
    tickets = None

    def __init__(self, bench, name, protocol, port):
        self.bench, self.name, self.protocol, self.port = bench, name, protocol, port
        self.socket = bench.directory / ("spice.sock" if protocol == "spice" else "vnc.sock")

    def prepare(self, clients):
        """Before each load."""

    def everybody(self):
        """Its processes, also those that serve nobody."""
        return self.pids()


class GatewayTarget(Target):
    """Each client has a machine of its own, all with the address of the one bench-desktop."""

    def __init__(self, bench, protocol):
        system = bench.system
        port = system.vnc_port if protocol == "vnc" else system.port
        super().__init__(bench, f"oriel {protocol}", protocol, port)
        self.tickets = bench.directory / f"tickets-{protocol}"

    def prepare(self, clients):
        pool = "bench-spice" if self.protocol == "spice" else "bench-vnc"
        wanted = {"wss": "web"}.get(self.protocol, self.protocol)
        cards = [card["id"] for card in self.bench.api.desktops() if card["pool"] == pool]
        lines = []
        for card in cards[:clients]:
            path = f"/api/v1/desktops/{card}/connect"
            lines.append(self.bench.api.post(path, {"protocol": wanted})["ticket"])
        self.tickets.write_text("\n".join(lines) + "\n")

    def restart(self):
        """A worker that has served nobody yet."""
        self.bench.system.signal("gateway", signal.SIGTERM)
        self.bench.system.start_gateway()

    def pids(self):
        """The workers, the supervisor's children, and those beside them, which work for them."""
        system = self.bench.system
        parent = system.daemons["gateway"].pid
        return [pid for pid in system.pids("gateway") if pid != parent] + system.beside()

    def everybody(self):
        return self.bench.system.pids("gateway") + self.bench.system.beside()


class ProxyTarget(Target):
    """A TLS proxy in front of the same desktop. workers: the clients are served by its children."""

    def __init__(self, bench, name, port, words, workers=False, protocol="tls"):
        super().__init__(bench, name, protocol, port)
        self.words, self.workers = words, workers
        self.process = bench.spawn(*words)

    def restart(self):
        self.process.terminate()
        self.process.wait(10)
        self.process = self.bench.spawn(*self.words)
        time.sleep(1)

    def pids(self):
        pid = self.process.pid
        if not self.workers:
            return [pid]
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
        return [int(child) for child in children.read_text().split()]

    def everybody(self):
        return {self.process.pid, *self.pids()}


class Bench:
    """A deployment with `machines` desktops of each of the protocols in `kinds`."""

    def __init__(self, directory, machines, workers=1, kinds=("vnc", "spice"), gateway=None):
        self.directory, self.machines, self.kinds = directory, machines, kinds
        self.started, self.desktops = [], []
        self.system = deployment.Deployment(
            "bench",
            gateway=gateway
            or {"workers": workers, "max_per_address": 20000, "max_handshakes": 20000},
            broker={"ticket_seconds": 600},
        )

    def spawn(self, *words):
        """In a session of its own, as the gateway is: the kernel shares out the processors to
        sessions first (sched_autogroup), so that one beside the load's 50 threads starves."""
        process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        self.started.append(process)
        return process

    def __enter__(self):
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def begin(self):
        program = deployment.BUILD / "tests/bench/bench-desktop"
        for kind in self.kinds:
            desktop = self.spawn(program, kind, self.directory / f"{kind}.sock")
            self.desktops.append(desktop.pid)
            assert desktop.stdout.readline() == "ready\n"
        self.system.start()
        for kind in self.kinds:
            pool = f"bench-{kind}"
            self.system.ctl("pool", "add", pool, "--kind", "machines", "--max", self.machines)
            self.system.ctl("entitle", pool, "--user", "anna")
            for n in range(self.machines):
                self.system.ctl("machine", "add", pool, f"{kind}-{n}", "--protocol", kind,
                                "--address", f"unix:{self.directory}/{kind}.sock")
        self.api = self.system.login("anna")

    def pids(self):
        """All that belongs to the benchmark."""
        ids = {process.pid for process in self.started}
        for process in self.started:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
                ids.update(int(child) for child in children.read_text().split())
        ids.update(daemon.pid for daemon in self.system.daemons.values())
        return ids.union(self.system.pids("gateway"), self.system.beside(), self.system.pids("broker"))

    def __exit__(self, *_):
        for process in self.started:
            process.terminate()
            process.wait(10)
        self.system.stop()

    # ---- the others

    def pem(self):
        """Certificate and key in one file, as haproxy wants them. Written once: a peer that
        has been started may be reading it."""
        path = self.directory / "both.pem"
        if path.exists():
            return path
        tls = self.system.path("tls")
        path.write_text((tls / "tls.crt").read_text() + (tls / "tls.key").read_text())
        return path

    def haproxy(self, port):
        config = self.directory / "haproxy.cfg"
        config.write_text(f"""global
    nbthread 1
    maxconn 9000
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
listen bench
    bind 127.0.0.1:{port} ssl crt {self.pem()} ciphersuites TLS_AES_256_GCM_SHA384
    server desktop unix@{self.directory}/vnc.sock
""")
        return ProxyTarget(self, "haproxy", port, ["haproxy", "-db", "-f", config])

    def nginx(self, port):
        config = self.directory / "nginx.conf"
        module = pathlib.Path("/usr/lib/nginx/modules/ngx_stream_module.so")
        load = f"load_module {module};" if module.exists() else ""
        config.write_text(f"""{load}
daemon off; worker_processes 1; pid {self.directory}/nginx.pid; user root;
worker_rlimit_nofile 19000; error_log {self.directory}/nginx.log;
events {{ worker_connections 9000; }}
stream {{ server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {self.pem()}; ssl_certificate_key {self.pem()};
    ssl_protocols TLSv1.3; ssl_session_cache off;
    proxy_pass unix:{self.directory}/vnc.sock;
}} }}
""")
        words = ["nginx", "-c", config, "-e", self.directory / "nginx.log"]
        return ProxyTarget(self, "nginx", port, words, workers=True)

    def hitch(self, port):
        config = self.directory / "hitch.conf"
        config.write_text(f"""frontend = "[127.0.0.1]:{port}"
backend = "{self.directory}/vnc.sock"
pem-file = "{self.pem()}"
workers = 1
daemon = off
user = "root"
backlog = 1024
log-level = 0
quiet = on
""")
        return ProxyTarget(self, "hitch", port, ["hitch", f"--config={config}"], workers=True)

    def stunnel(self, port):
        config = self.directory / "stunnel.conf"
        config.write_text(f"""foreground = yes
pid =
debug = 3
[bench]
accept = 127.0.0.1:{port}
connect = {self.directory}/vnc.sock
cert = {self.pem()}
""")
        return ProxyTarget(self, "stunnel4", port, ["stunnel4", config])

    def websockify(self, port):
        words = ["websockify", "--ssl-only", f"--cert={self.pem()}",
                 f"--unix-target={self.directory}/vnc.sock", f"127.0.0.1:{port}"]
        target = ProxyTarget(self, "websockify", port, words, workers=True, protocol="wss")
        target.tickets = self.directory / "no-tickets"
        target.tickets.write_text("none\n" * max(200, self.machines))
        return target

    def targets(self, names=None):
        """Ours, and those of the peers that are installed; of both those that are named, if any are."""
        ours = [GatewayTarget(self, protocol) for protocol in ("vnc", "wss", "spice")]
        makers = {"haproxy": self.haproxy, "nginx": self.nginx, "hitch": self.hitch,
                  "stunnel4": self.stunnel, "websockify": self.websockify}
        others = [make(deployment.free_port()) for name, make in makers.items()
                  if shutil.which(name) and (not names or name in names)]
        time.sleep(1)
        return [target for target in ours if not names or target.name in names] + others
