# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole system, real: our own daemons, QEMU, PAM, and the viewers that people use."""

import itertools
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

pytest.register_assert_rewrite(
    "cards", "deployment", "desktops", "drivers", "leftovers", "lobbies", "moves", "procs", "sandboxes",
    "tunnels", "windows",
)

import console  # noqa: E402
import deployment  # noqa: E402
import guests  # noqa: E402
import leftovers  # noqa: E402
import lobbies  # noqa: E402
import procs  # noqa: E402
import screens  # noqa: E402

addresses = itertools.count(2)


def pytest_sessionstart(session):
    if os.geteuid() != 0:
        pytest.exit("the system tests start daemons under other user ids: run them as root", 2)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows what the daemons said last."""
    outcome = yield
    report = outcome.get_result()
    oriel = item.funcargs.get("oriel") if hasattr(item, "funcargs") else None
    if report.failed and oriel is not None and oriel.directory.exists():
        for name in oriel.daemons:
            report.sections.append((f"log of oriel-{name}", oriel.tail(name, 40)))


@pytest.fixture(scope="session")
def oriel():
    """One deployment for all (of a pytest process): the pool "shared" floats and is anna's, ben's
    and carla's; anna has one in the dedicated pool "own", too. The admin has none. In the end
    nothing of all those tests may be left in it."""
    with deployment.Deployment() as system:
        system.start()
        system.add_image()
        system.ctl("pool", "add", "shared", "--kind", "floating", "--image", "tiny", "--max", "3",
                   "--spare", "1")
        system.ctl("pool", "add", "own", "--kind", "dedicated", "--image", "tiny", "--max", "2")
        for person in ("anna", "ben", "carla"):
            system.ctl("entitle", "shared", "--user", person)
        system.ctl("entitle", "own", "--user", "anna")
        yield system
        leftovers.nothing_is_left(system)
        leftovers.no_daemon_said_that_it_has_a_bug(system)


@pytest.fixture
def source():
    """A client address of this test's own: refused logins of one test do not slow the next."""
    n = next(addresses)
    return f"127.0.{n // 250 + 1}.{n % 250 + 2}"


@pytest.fixture
def books(oriel):
    """Checks after the test that nothing is left of it."""
    before = procs.Books(oriel)
    yield before
    before.balanced()


@pytest.fixture(scope="session")
def reader(oriel):
    """Reads the tiny guest's letters off a picture."""
    return console.Reader.taught_by(oriel.spare_display())


@pytest.fixture
def display(tmp_path):
    screen = screens.Display(tmp_path)
    yield screen
    screen.close()


@pytest.fixture
def log(request):
    """Where a viewer's own words go, in tests/out/system."""
    deployment.OUT.joinpath("system").mkdir(parents=True, exist_ok=True)
    with deployment.OUT.joinpath("system", f"{request.node.name}.log").open("wb") as file:
        yield file


@pytest.fixture
def no_lobby(oriel, books):
    """Checks after the test that no lobby is left of it."""
    yield
    assert deployment.eventually(lambda: not lobbies.pids(oriel)), lobbies.pids(oriel)


@pytest.fixture
def no_bridge(oriel):
    """Checks before and after the test that no bridge is left of one."""
    assert deployment.eventually(lambda: not procs.bridges(oriel)), "one of an earlier test"
    yield
    assert deployment.eventually(lambda: not procs.bridges(oriel)), "a bridge outlived its client"


@pytest.fixture
def program():
    """What is said of a bridge alone is true of one as it is installed."""
    if b"__asan_init" in (deployment.BUILD / "bridge/oriel-bridge").read_bytes():
        pytest.skip("a build for checking keeps to no limit of memory, and dies its own way")


@pytest.fixture(scope="module")
def pools(oriel):
    """Pools of machines for carla; pools(name, protocol, address, *more) makes one."""
    made = []

    def make(name, protocol, address, *more):
        oriel.ctl("pool", "add", name, "--kind", "machines")
        made.append(name)
        oriel.ctl("machine", "add", name, f"{name}-1", "--protocol", protocol, "--address", address,
                  *more)
        oriel.ctl("entitle", name, "--user", "carla")

    yield make
    for name in made:
        oriel.ctl("pool", "remove", name)


@pytest.fixture(scope="module")
def rdp_pc(oriel, pools, tmp_path_factory):
    """A PC with an RDP server that wants bob and his password; its log of keys and its screen."""
    home = tmp_path_factory.mktemp("pc")
    screen = screens.Display(home, manager=False)  # which is slow to show a window on a busy machine
    port = deployment.free_port()
    try:
        secret = "rdp-secret"
        sam = home / "sam"
        line = subprocess.run(["winpr-hash", "-u", "bob", "-p", secret, "-f", "sam"], check=True,
                              capture_output=True, text=True).stdout
        sam.write_text(line)
        keys = home / "keys"
        with keys.open("wb") as said:
            screen.run(["xev", "-geometry", "300x200+100+100"], said)
        assert deployment.eventually(lambda: "Expose" in keys.read_text())
        with (home / "rdp.log").open("wb") as said:
            screen.run(["freerdp-shadow-cli", f"/port:{port}", "/bind-address:127.0.0.1",
                        f"/sam-file:{sam}", "+sec-nla"], said)
        assert deployment.eventually(lambda: guests.listens(port))
        password = home / "password"
        password.write_text(secret)
        password.chmod(0o600)
        pools("pc", "rdp", f"bob@127.0.0.1:{port}", "--secret-file", password)
        password.write_text("wrong")
        pools("stranger", "rdp", f"bob@127.0.0.1:{port}", "--secret-file", password)
        yield screen, keys
    finally:
        screen.close()
