# SPDX-License-Identifier: GPL-3.0-or-later
"""A libvirtd of our own, as on a machine of its own: in namespaces, with its own directories, name and
ports. Two of them are two hosts; what is in /tmp they share."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import uuid

import deployment
from deployment import eventually

DAEMON = """\
listen_tls = 0
listen_tcp = 1
listen_addr = "127.0.0.1"
tcp_port = "{port}"
auth_tcp = "none"
auth_unix_rw = "none"
unix_sock_dir = "{directory}/run"
host_uuid = "{uuid}"
"""
QEMU = """\
stdio_handler = "file"
user = "root"
group = "root"
dynamic_ownership = 0
namespaces = []
cgroup_controllers = [{controllers}]
security_driver = "none"
remote_display_port_min = {display}
remote_display_port_max = {display_end}
migration_port_min = {migration}
migration_port_max = {migration_end}
"""
# Of the directories that libvirtd has compiled in, all are its own; the version of cgroups that it
# cannot read is out of sight.
BEGIN = """\
hostname {name}
for pair in etc:/etc/libvirt run:/run/libvirt lib:/var/lib/libvirt cache:/var/cache/libvirt \
	log:/var/log/libvirt; do
	mkdir -p {directory}/${{pair%%:*}} ${{pair#*:}}
	mount --bind {directory}/${{pair%%:*}} ${{pair#*:}}
done
umount /sys/fs/cgroup/unified 2>/dev/null
exec libvirtd --listen --pid-file {directory}/pid --config {directory}/etc/libvirtd.conf
"""


class Libvirtd:
    def __init__(self, name, number, controllers="", like=None):
        """like: another one, which knows already what its QEMU can do: so long a look less."""
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="oriel-lv-", dir="/tmp"))
        self.port = deployment.free_port()
        display, migration = 16000 + 100 * number, 18000 + 100 * number
        words = {
            "directory": self.directory, "port": self.port, "uuid": uuid.uuid4(), "name": name,
            "display": display, "display_end": display + 99,
            "controllers": controllers, "migration": migration, "migration_end": migration + 99,
        }
        if like:
            shutil.copytree(like.directory / "cache", self.directory / "cache")
        (self.directory / "etc").mkdir()
        (self.directory / "etc/libvirtd.conf").write_text(DAEMON.format(**words))
        (self.directory / "etc/qemu.conf").write_text(QEMU.format(**words))
        self.log = (self.directory / "out.log").open("wb")
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--uts", "sh", "-c", BEGIN.format(**words)],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True,
        )
        self.uri = f"qemu+tcp://127.0.0.1:{self.port}/system"

    def crash(self):
        """The daemon is gone; its QEMUs go on."""
        self.process.kill()
        self.process.wait(30)

    def come_back(self):
        """Where its QEMUs are, which it finds again."""
        (pid, *_) = self.qemus()
        self.process = subprocess.Popen(
            ["nsenter", f"--mount=/proc/{pid}/ns/mnt", f"--uts=/proc/{pid}/ns/uts", "libvirtd",
             "--listen", "--pid-file", self.directory / "pid", "--config",
             self.directory / "etc/libvirtd.conf"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True,
        )
        self.wait()

    def wait(self):
        """It looks first at what its QEMU can do; several do so at once."""
        if not eventually(lambda: self.virsh("version", check=False).returncode == 0, 120, 0.2):
            words = (self.directory / "out.log").read_text()
            raise AssertionError(words)
        self.namespace = os.stat(f"/proc/{self.process.pid}/ns/mnt").st_ino

    def virsh(self, *words, check=True):
        done = subprocess.run(["virsh", "-c", self.uri, *map(str, words)], capture_output=True,
                              text=True, timeout=120, check=False)
        assert done.returncode == 0 or not check, done.stderr
        return done

    def share(self, directory):
        """A storage pool of that directory."""
        self.virsh("pool-create-as", "shared", "dir", "--target", directory)

    def qemus(self):
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if command.startswith(b"/usr/bin/qemu-system") and b"guest=oriel-" in command:
                with contextlib.suppress(OSError):
                    if os.stat(f"/proc/{entry.name}/ns/mnt").st_ino == self.namespace:
                        found.append(int(entry.name))
        return found

    def end(self):
        for pid in self.qemus():
            os.kill(pid, signal.SIGKILL)
        self.process.terminate()
        self.process.wait(60)
        self.log.close()
        assert eventually(lambda: not self.qemus())
        shutil.rmtree(self.directory)
