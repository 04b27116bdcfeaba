# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins through the PAM stacks that sites have: accounts of the machine, an LDAP directory, codes,
passwords that are over; from the web page and from VNC and SPICE viewers."""

import concurrent.futures
import hashlib
import pathlib

import pytest

import rfb
import spice
import stacks
from deployment import eventually

UNIX = ("auth required pam_unix.so", "account required pam_unix.so",
        "password required pam_unix.so sha512 minlen=4")
LDAP = ("auth required pam_ldap.so", "account required pam_ldap.so")
KEY = bytes(range(20))


@pytest.fixture(scope="module")
def site():
    """anna and ben have accounts on the machine, carla and dora are in the directory."""
    untouched = machine_files()
    system = stacks.Machine("stacks", broker={"admins": "@desktop-admins"})
    system.passwords["dora"] = system.passwords.pop("admin")
    system.ldap_person("carla", 61001)
    system.ldap_person("dora", 61002)
    system.ldap_group("staff", 61100, "carla")
    system.ldap_group("desktop-admins", 61101, "dora")
    try:
        system.start()
        system.account("anna", 60001)
        system.account("ben", 60002)
        system.group("lab", 60100, "anna", "ben")
        system.start_ldap()
        system.add_image()
        system.ctl("pool", "add", "shared", "--kind", "floating", "--image", "tiny", "--max", "3",
                   "--spare", "1")
        for group in ("lab", "staff"):
            system.ctl("entitle", "shared", "--group", group)
        yield system
    finally:
        system.stop()
        assert machine_files() == untouched


def machine_files():
    return [hashlib.sha256(pathlib.Path("/etc", name).read_bytes()).digest()
            for name in ("passwd", "shadow", "group", "nsswitch.conf", "nslcd.conf")]


def by_vnc(site, user, password):
    """The name of the desktop that a VNC viewer gets."""
    with rfb.Rfb.dial(site.host, site.vnc_port, timeout=90) as viewer:
        viewer.secure(site.ca, user, password)
        viewer.init()
        viewer.want_raw()
        return viewer.update()


def by_spice(site, user, password):
    with spice.Channel(spice.dial(site.host, site.port, site.ca, timeout=90), spice.MAIN) as main:
        main.login(user, password)
        return main.wait(spice.MAIN_INIT)


def at_rest(viewer, last=None):
    """The picture, once it has come to rest and is another than the last one."""
    seen = []

    def same():
        seen.append(viewer.screen())
        return len(seen) > 2 and seen[-1] == seen[-2] == seen[-3] != last

    assert eventually(same, 60, 0.1)
    return seen[-1]


def in_the_lobby(site, user, password, *answers):
    """What a viewer shows between login and desktop: one question after the other. Returns once the
    person has a desktop."""
    before = len(site.log("broker"))

    def asked():
        return site.log("broker")[before:].count("PAM has more to say")

    with rfb.Rfb.dial(site.host, site.vnc_port, timeout=90) as viewer:
        viewer.secure(site.ca, user, password)
        viewer.init()
        screen = None
        for n, answer in enumerate(answers):
            assert eventually(lambda: asked() > n), site.tail("broker")
            screen = at_rest(viewer, screen)
            viewer.type(answer + "\n")
        assert eventually(lambda: user in [
            row["user"] for row in site.rows("sessions") if row["state"] == "live"], 120)


def lobby_asks_in_spice(site, user, password):
    """What PAM asks beyond the password is asked there, before any desktop."""
    with site.logged("broker", "step=lobby", "opened for"):
        assert by_spice(site, user, password)
    assert user not in [row["user"] for row in site.rows("sessions") if row["state"] == "live"]


def begin(site, user, password=None):
    """The first round of a login on the web page."""
    body = {"user": user} | ({"password": password} if password else {})
    return site.api().request("POST", "/api/v1/login", body)


def go_on(site, round_before, *answers):
    path = f"/api/v1/login/{round_before.json['conversation']}"
    return site.api().request("POST", path, {"answers": list(answers)})


def questions(answer):
    assert answer.status == 202, answer.body
    return [prompt["text"] for prompt in answer.json["prompts"]
            if prompt["kind"] in ("secret", "visible")]


@pytest.mark.parametrize("stack, user", [(UNIX, "anna"), (LDAP, "carla")])
def test_every_way_in(site, stack, user):
    """And what a group may have, its members find."""
    site.stack(*stack)
    password = site.passwords[user]
    api = site.api()
    api.login(user, password)
    assert [card["pool"] for card in api.desktops()] == ["shared"]
    assert api.request("GET", "/api/v1/admin/pools").status == 403
    assert by_vnc(site, user, password)
    assert by_spice(site, user, password)


@pytest.mark.parametrize("stack, user", [(UNIX, "anna"), (LDAP, "carla")])
def test_a_wrong_password(site, stack, user):
    site.stack(*stack)
    with concurrent.futures.ThreadPoolExecutor() as ways:  # each refusal takes its time
        web, vnc, native = [ways.submit(by, site, user, "wrong")
                            for by in (begin, by_vnc, by_spice)]
        assert web.result().status == 401
        with pytest.raises(rfb.Refused):
            vnc.result()
        with pytest.raises(spice.Refused):
            native.result()


def test_a_group_of_the_directory_administers(site):
    site.stack(*LDAP)
    api = site.api()
    api.login("dora", site.passwords["dora"])
    assert api.get("/api/v1/session")["admin"] is True
    assert [pool["name"] for pool in api.get("/api/v1/admin/pools")] == ["shared"]
    assert api.desktops() == []


def test_both_kinds_of_people_with_one_stack(site):
    """As Debian's common-auth has it: first the machine's accounts, then the directory."""
    site.stack("auth [success=2 default=ignore] pam_unix.so",
               "auth [success=1 default=ignore] pam_ldap.so use_first_pass",
               "auth requisite pam_deny.so", "auth required pam_permit.so",
               "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so",
               "account requisite pam_deny.so", "account required pam_permit.so",
               "account [success=ok user_unknown=ignore default=bad] pam_ldap.so")
    for user in ("ben", "carla"):
        assert begin(site, user, site.passwords[user]).status == 200


@pytest.fixture
def codes(site):
    """anna's and carla's token."""
    users = site.etc / "users.oath"
    # "+": another module checks what stands before the code.
    users.write_text("".join(f"HOTP {user} + {KEY.hex()}\n" for user in ("anna", "carla")))
    users.chmod(0o600)
    oath = f"pam_oath.so usersfile={users} window=5 digits=6"
    yield oath
    users.unlink()


def test_a_code_after_the_password(site, codes):
    """The page asks for it, and so does the lobby in a VNC or SPICE viewer."""
    site.stack("auth requisite pam_unix.so", f"auth required {codes}",
               "account required pam_unix.so")
    asked = begin(site, "anna", site.passwords["anna"])
    (question,) = questions(asked)
    assert "One-time password" in question
    assert go_on(site, asked, stacks.hotp(KEY, 0)).status == 200
    in_the_lobby(site, "anna", site.passwords["anna"], stacks.hotp(KEY, 1))
    asked = begin(site, "anna", site.passwords["anna"])
    assert go_on(site, asked, stacks.hotp(KEY, 1)).status == 401  # it was used
    lobby_asks_in_spice(site, "anna", site.passwords["anna"])


def test_a_code_behind_the_password(site, codes):
    """In one field, for viewers that have but one: the password with the code at its end."""
    for second, user in (("pam_unix.so", "anna"), ("pam_ldap.so", "carla")):
        password = site.passwords[user]
        site.stack(f"auth requisite {codes}", f"auth required {second} use_first_pass",
                   f"account required {second}")
        for counter, by in enumerate((by_vnc, by_spice)):
            assert by(site, user, password + stacks.hotp(KEY, counter))
        assert begin(site, user, password + stacks.hotp(KEY, 2)).status == 200
    assert begin(site, user, password).status == 401


def test_a_password_that_is_over(site):
    """The page carries the change, and the lobby the next one."""
    site.stack(*UNIX)
    site.account("ben", 60002, changed=0)
    old, new, newest = site.passwords["ben"], "a-new-one-4711", "n3west-of-all"
    lobby_asks_in_spice(site, "ben", old)
    asked = begin(site, "ben", old)
    assert any("change your password" in p["text"] for p in asked.json["prompts"])
    assert len(questions(asked)) == 1  # the current password
    asked = go_on(site, asked, old)
    assert "New password" in questions(asked)[0]
    asked = go_on(site, asked, new)
    assert go_on(site, asked, new).status == 200

    site.passwords["ben"] = new
    site.account("ben", 60002, changed=0)
    in_the_lobby(site, "ben", new, new, newest, newest)
    assert begin(site, "ben", newest).status == 200
    site.passwords["ben"] = newest
    assert by_spice(site, "ben", newest)
