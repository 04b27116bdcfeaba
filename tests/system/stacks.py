# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine's own /etc for the login helper: accounts, groups, PAM services and an LDAP server that
exist for it alone. It sees a copy of /etc in a mount namespace; the machine's own stays untouched."""

import base64
import hashlib
import hmac
import shutil
import struct
import subprocess
import time

import deployment
from deployment import eventually, free_port

OATH_KEY = bytes(range(20))  # of pam_oath, where a test needs no other

# Puts our copy over /etc and our directory over /run/nslcd, for the program that follows alone.
STAGE = """
set -e
mount --bind "$1" /etc
mkdir -p /run/nslcd
mount --bind "$2" /run/nslcd
shift 2
exec "$@"
"""

SLAPD = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {home}/slapd.pid
database mdb
directory {home}/data
suffix "dc=example,dc=org"
index uid,uidNumber,gidNumber,memberUid eq
access to attrs=userPassword by anonymous auth by * none
access to * by * read
"""

NSLCD = """
uid nslcd
gid nslcd
uri ldap://127.0.0.1:{port}/
base dc=example,dc=org
nss_initgroups_ignoreusers ALLLOCAL
"""


def hashed(password):
    done = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"], input=password, text=True, capture_output=True,
        check=True,
    )
    return done.stdout.strip()


def build_pam_expired(module):
    """A PAM module that finds the password of whoever has a file in its directory expired."""
    source = deployment.SOURCE / "tests/system/pam_expired.c"
    subprocess.run(["cc", "-Wall", "-shared", "-fPIC", "-o", module, source, "-lpam"], check=True)


def hotp(key, counter):
    """RFC 4226, six digits."""
    digest = hmac.new(key, struct.pack(">Q", counter), hashlib.sha1).digest()
    at = digest[-1] & 15
    return "%06d" % ((struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6)


class Machine(deployment.Deployment):
    """A deployment whose login helper lives in an /etc of its own."""

    def __init__(self, name, **options):
        super().__init__(name, lobby=True, **options)
        self.etc, self.ldap_port = self.path("etc"), free_port()
        self.people = []  # lines of slapd's LDIF

    def prepare(self):
        super().prepare()
        shutil.copytree("/etc", self.etc, symlinks=True)
        for name in ("nslcd", "ldap", "ldap/data"):
            self.path(name).mkdir()
        shutil.chown(self.path("nslcd"), "nslcd", "nslcd")
        for base in ("passwd", "group", "shadow"):
            self.replace("nsswitch.conf", f"{base}:", f"{base}: files ldap")
        self.etc.joinpath("nslcd.conf").write_text(NSLCD.format(port=self.ldap_port))
        self.etc.joinpath("nslcd.conf").chmod(0o600)
        self.path("pam.d/oriel").unlink()

    def replace(self, file, begin, line):
        """The line that begins so, or a new one."""
        path = self.etc / file
        lines = [one for one in path.read_text().splitlines() if not one.startswith(begin)]
        path.write_text("\n".join(lines + [line]) + "\n")

    def start_authd(self):
        self.on_stage("authd", self.authd_command())
        assert eventually(self.path("run/auth.sock").exists), self.tail("authd")

    def on_stage(self, name, command):
        self._start(
            name,
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", STAGE, "sh"]
            + [self.etc, self.path("nslcd"), *command],
        )

    def stack(self, *lines):
        """The PAM service, read anew for each login."""
        self.path("pam.d/oriel").write_text("\n".join(lines) + "\n")

    # ---- people

    def account(self, user, uid, changed=None):
        """In our own passwd and shadow; changed: the day of the last password change, 0 = at once."""
        password = self.passwords[user]
        day = int(time.time() // 86400) if changed is None else changed
        self.replace("passwd", f"{user}:", f"{user}:x:{uid}:{uid}::/nonexistent:/usr/sbin/nologin")
        self.replace("group", f"{user}:", f"{user}:x:{uid}:")
        self.replace("shadow", f"{user}:", f"{user}:{hashed(password)}:{day}:0:99999:7:::")

    def group(self, name, gid, *members):
        self.replace("group", f"{name}:", f"{name}:x:{gid}:{','.join(members)}")

    def ldap_person(self, user, uid):
        secret = base64.b64encode(self.passwords[user].encode()).decode()
        self.people += [
            f"dn: uid={user},dc=example,dc=org", "objectClass: account",
            "objectClass: posixAccount", f"uid: {user}", f"cn: {user}", f"uidNumber: {uid}",
            f"gidNumber: {uid}", "homeDirectory: /nonexistent", f"userPassword:: {secret}", "",
        ]

    def ldap_group(self, name, gid, *members):
        self.people += [f"dn: cn={name},dc=example,dc=org", "objectClass: posixGroup",
                        f"cn: {name}", f"gidNumber: {gid}"]
        self.people += [f"memberUid: {member}" for member in members] + [""]

    def start_ldap(self):
        home = self.path("ldap")
        home.joinpath("slapd.conf").write_text(SLAPD.format(home=home))
        ldif = ["dn: dc=example,dc=org", "objectClass: dcObject", "objectClass: organization",
                "o: example", "dc: example", "", *self.people]
        subprocess.run(
            ["slapadd", "-q", "-f", home / "slapd.conf"], input="\n".join(ldif), text=True,
            check=True, capture_output=True,
        )
        self._start(
            "slapd",
            ["slapd", "-d", "0", "-f", home / "slapd.conf", "-h", f"ldap://127.0.0.1:{self.ldap_port}/"],
        )
        self.on_stage("nslcd", ["nslcd", "--nofork"])
        person = next(line[5:] for line in self.people if line.startswith("uid: "))
        assert eventually(lambda: self.knows(person), 120), self.tail("nslcd")

    def knows(self, user):
        """NSS, as the login helper sees it."""
        found = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", STAGE, "sh", self.etc,
             self.path("nslcd"), "getent", "passwd", user], capture_output=True,
        )
        return found.returncode == 0
