"""What goes wrong with slots, for the person's program and for the host alike: one table.

Whatever it is, the program ends with status 1 and a sentence that says what to do, the host stays and asks for another way in, no
secret is said, and once it is mended everything opens as before: nothing was changed by it, and the audit chain is whole.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from native_host.testing.port import HostError, Port
from tests.acceptance.conftest import PASSPHRASE, STRONGROOM, Computer, ended
from tests.homes import ADDON, OTHER_ADDON, Home, b64
from tests.host.test_confirmed_program import Person, person
from tests.parts.hostile_module import HostileModule
from tests.parts.missing import absent, need
from tests.parts.secret_service import Desktop
from tests.parts.softhsm import PIN, SoftHsm
from tests.parts.swtpm import Swtpm, swtpm

__all__ = ["person"]
TPM_PIN, WRONG = "a pin of six", "not the right one"
BLOCKED = "import sys\nfor name in {names!r}: sys.modules[name] = None\nfrom native_host.cli import main\nmain()"
FULL_DISK = (
    "import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\nfrom native_host.cli import main\nmain()"
)  # fmt: skip
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'


def without(*names: str) -> list[str]:
    """The program where these libraries are not installed."""
    return [sys.executable, "-c", BLOCKED.format(names=names)]


class Store:
    """A computer whose store a passphrase opens, and one device under the name ``Device``."""

    def __init__(self, computer: Computer, kind: str, *, options: tuple[str, ...] = (), secret: tuple[str, ...] = ()) -> None:
        self.computer, self.secret = computer, secret
        computer.attach()
        computer.says("init", "--slot", "passphrase", typed=(PASSPHRASE,))
        computer.says("slots", "add", kind, "--label", "Device", *options, typed=(PASSPHRASE, *secret))
        self.ways = computer.slots()

    def tries(self, *typed: str, command: list[str] | None = None) -> tuple[int, str]:
        """Open it by the device."""
        return self.computer.run("slots", "test", "Device", typed=typed, command=command)

    def is_as_before(self) -> None:
        assert (0, True) == (self.tries(*self.secret)[0], self.computer.is_whole())
        assert self.ways == self.computer.slots()


@pytest.fixture(scope="module")
def tpm() -> Iterator[Swtpm]:
    with swtpm() as tpm:
        yield tpm


@pytest.fixture(scope="module")
def session() -> Iterator[Desktop]:
    with tempfile.TemporaryDirectory() as folder:
        session = Desktop(Path(folder))
        try:
            session.log_in()
            yield session
        finally:
            session.end()


@pytest.fixture(scope="module")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    return SoftHsm(tmp_path_factory.mktemp("softhsm"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> HostileModule:
    return HostileModule(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def with_tpm(tpm: Swtpm, tmp_path_factory: pytest.TempPathFactory) -> Store:
    computer = Computer(tmp_path_factory.mktemp("tpm"), config=f'[tpm]\ntcti = "{tpm.tcti}"\n')
    return Store(computer, "tpm", options=("--pin",), secret=(TPM_PIN,))


@pytest.fixture(scope="module")
def with_keyring(session: Desktop, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(Computer(tmp_path_factory.mktemp("keyring"), session=session), "secret_service")


@pytest.fixture(scope="module")
def with_token(softhsm: SoftHsm, tmp_path_factory: pytest.TempPathFactory) -> Store:
    computer = Computer(tmp_path_factory.mktemp("token"), config=f'[pkcs11]\nmodules = "{list_of(softhsm)}"\n')
    return Store(computer, "pkcs11", secret=(PIN,))


def list_of(softhsm: SoftHsm) -> Path:
    assert softhsm.settings.pkcs11.modules is not None
    return Path(softhsm.settings.pkcs11.modules)


@pytest.fixture(scope="module")
def with_both(tpm: Swtpm, tmp_path_factory: pytest.TempPathFactory) -> Store:
    computer = Computer(tmp_path_factory.mktemp("both"), config=f'[tpm]\ntcti = "{tpm.tcti}"\n')
    return Store(computer, "two_factor", options=("--device", "tpm:tpm"), secret=("the other passphrase",))


# what goes well


@pytest.mark.parametrize("store", ["with_tpm", "with_keyring", "with_token", "with_both"])
def test_every_way_in_is_kept_by_a_new_root_key(store: str, request: pytest.FixtureRequest) -> None:
    """Each is opened for it in turn, the device's as well."""
    opened: Store = request.getfixturevalue(store)
    typed = (*opened.secret, PASSPHRASE, *opened.secret)
    said = opened.computer.says("rekey", "root", typed=typed)
    assert "Ways in: Passphrase, Device." in said
    opened.is_as_before()
    opened.computer.says("keys", typed=(*opened.secret, PASSPHRASE))


# what opens nothing


@pytest.mark.parametrize(
    ("store", "says"),
    [("with_tpm", "not the PIN of this slot"), ("with_token", "refused this PIN")],
)  # fmt: skip
def test_a_wrong_pin(store: str, says: str, request: pytest.FixtureRequest) -> None:
    """It is named as that, and counted."""
    opened: Store = request.getfixturevalue(store)
    status, said = opened.tries(WRONG)
    assert (1, True) == (status, says in said), said
    assert "without success" in opened.computer.says("slots", "list")
    opened.is_as_before()
    assert "without success" not in opened.computer.says("slots", "list")


def test_a_wrong_passphrase(with_keyring: Store) -> None:
    status, said = with_keyring.computer.run("slots", "test", "Passphrase", typed=(WRONG,))
    assert (1, True) == (status, "Wrong passphrase" in said), said
    with_keyring.is_as_before()


# devices that are not there, or will not: what breaks them, what is said, what mends them

Break = Callable[[pytest.FixtureRequest], Callable[[], None]]


def tpm_dead(request: pytest.FixtureRequest) -> Callable[[], None]:
    tpm: Swtpm = request.getfixturevalue("tpm")
    tpm.stop()
    return tpm.start


def tpm_locked_out(request: pytest.FixtureRequest) -> Callable[[], None]:
    tpm: Swtpm = request.getfixturevalue("tpm")
    limits = ("--recovery-time=1000", "--lockout-recovery-time=1000")
    tpm.run("tpm2_dictionarylockout", "--setup-parameters", *limits, "--max-tries=1")
    request.getfixturevalue("with_tpm").tries(WRONG)

    def mend() -> None:
        tpm.run("tpm2_dictionarylockout", "--clear-lockout")
        tpm.run("tpm2_dictionarylockout", "--setup-parameters", *limits, "--max-tries=30")

    return mend


def keyring_locked(request: pytest.FixtureRequest) -> Callable[[], None]:
    session: Desktop = request.getfixturevalue("session")
    session.lock()
    return session.log_in


def keyring_dead(request: pytest.FixtureRequest) -> Callable[[], None]:
    session: Desktop = request.getfixturevalue("session")
    session.end_daemon()
    return session.log_in


def bus_gone(request: pytest.FixtureRequest) -> Callable[[], None]:
    environ = request.getfixturevalue("with_keyring").computer.environ
    bus = environ["DBUS_SESSION_BUS_ADDRESS"]
    environ["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere/bus"
    return lambda: environ.update(DBUS_SESSION_BUS_ADDRESS=bus)


def token_away(request: pytest.FixtureRequest) -> Callable[[], None]:
    softhsm: SoftHsm = request.getfixturevalue("softhsm")
    softhsm.take_away()
    return softhsm.bring_back


def listed(request: pytest.FixtureRequest, change: Callable[[str], str]) -> Callable[[], None]:
    """Another list of modules."""
    file = list_of(request.getfixturevalue("softhsm"))
    good = file.read_text()
    file.write_text(change(good))

    def mend() -> None:
        file.write_text(good)

    return mend


def module_changed(request: pytest.FixtureRequest) -> Callable[[], None]:
    return listed(request, lambda good: re.sub('sha256 = "[0-9a-f]{8}', 'sha256 = "00000000', good))


def module_missing(request: pytest.FixtureRequest) -> Callable[[], None]:
    return listed(request, lambda good: re.sub('path = "[^"]*', 'path = "/usr/lib/nowhere/lib.so', good))


def module_unlisted(request: pytest.FixtureRequest) -> Callable[[], None]:
    return listed(request, lambda _: "")


def module_crashes(request: pytest.FixtureRequest) -> Callable[[], None]:
    config = request.getfixturevalue("hostile").config("crash")
    return listed(request, lambda _: Path(config.modules).read_text())


FAULTS: dict[str, tuple[str, Break, str]] = {
    "a TPM that does not answer": ("with_tpm", tpm_dead, "does not answer. Try again"),
    "a TPM that takes no PIN for now": ("with_tpm", tpm_locked_out, "Any other slot still opens"),
    "a keyring that is locked": ("with_keyring", keyring_locked, "Unlock it, or log in again"),
    "a keyring whose daemon is gone": ("with_keyring", keyring_dead, "Log in to your desktop again"),
    "a bus that is gone": ("with_keyring", bus_gone, "Log in to your desktop again"),
    "a token that was taken out": ("with_token", token_away, "Connect it and try again"),
    "a module that was changed": ("with_token", module_changed, "its administrator lists the new digest"),
    "a module that is missing": ("with_token", module_missing, "is not there any more"),
    "a module that nobody listed": ("with_token", module_unlisted, "Connect it and try again"),
    "a module that crashes": ("with_token", module_crashes, "try again"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_device_that_is_not_there(fault: str, request: pytest.FixtureRequest, person: Person) -> None:
    """The program says what to do. The host asks for the passphrase and says why; a keystore whose counter is in that TPM asks its owner
    first. Afterwards all is as before."""
    name, spoil, says = FAULTS[fault]
    store: Store = request.getfixturevalue(name)
    mend = spoil(request)
    try:
        status, said = store.tries(*store.secret)
        assert (1, True) == (status, says in said), said
        opens_by_passphrase(store, person, says)
    finally:
        mend()
    store.is_as_before()


def opens_by_passphrase(store: Store, person: Person, says: str) -> None:
    port = store.computer.host(person)
    unlocking = port.begin("unlock")
    said = person.reads("Passphrase: ")
    assert says in said or "is not here: Device" in said, said
    person.types(PASSPHRASE)
    if "does not answer. Try again" in says:  # the counter cannot be asked either
        assert "cannot be reached" in person.reads("Your answer: ")
        person.types("no")
        with pytest.raises(HostError) as refused:
            unlocking.result()
        assert ("cannot_unseal", "locked") == (refused.value.reason, port.request("getStatus")["state"])
    else:
        assert {"state": "unlocked"} == unlocking.result()
        assert port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    store.computer.quit()


# libraries

LIBRARIES = {"with_tpm": "tpm2_pytss", "with_keyring": "secretstorage"}


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_that_is_not_installed(name: str, request: pytest.FixtureRequest) -> None:
    """Its way in is closed, with the way to bring it back; a slot of that kind cannot be added; nothing is changed."""
    store: Store = request.getfixturevalue(name)
    lacking = without(LIBRARIES[name])
    kind = store.ways[1]
    for arguments in (("slots", "test", "Device"), ("slots", "add", kind, "--label", "Another")):
        status, said = store.computer.run(*arguments, typed=(*store.secret, PASSPHRASE), command=lacking)
        assert (1, True) == (status, "nstall" in said), said
    assert 0 == store.computer.run("slots", "devices", command=lacking)[0]
    store.is_as_before()


def test_a_security_key_without_its_library(with_keyring: Store) -> None:
    """No such device can be added, and none is listed."""
    status, said = with_keyring.computer.run("slots", "add", "fido2", typed=(PASSPHRASE,), command=without("fido2"))
    assert (1, True) == (status, "nstall" in said), said
    with_keyring.is_as_before()


# the disk

CHANGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "slots add": (("slots", "add", "passphrase", "--label", "Another"), (PASSPHRASE, "another passphrase")),
    "slots remove": (("slots", "remove", "Device"), (PASSPHRASE,)),
    "passphrase": (("passphrase",), (PASSPHRASE, "another passphrase")),
    "rekey root": (("rekey", "root", "--drop"), (PASSPHRASE, PASSPHRASE)),
    "rekey records": (("rekey", "records"), (PASSPHRASE,)),
    "keys": (("keys",), (PASSPHRASE,)),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(Computer(tmp_path_factory.mktemp("plain")), "passphrase", secret=("the other way in",))


@pytest.mark.parametrize("change", CHANGES)
def test_a_disk_that_is_full(plain: Store, change: str) -> None:
    """Nothing was changed, and it is said that there is no room."""
    words, typed = CHANGES[change]
    status, said = plain.computer.run(*words, typed=typed, command=[sys.executable, "-c", FULL_DISK])
    assert (1, True) == (status, "Make room" in said), said
    plain.is_as_before()


@pytest.mark.parametrize("change", CHANGES)
def test_a_folder_that_is_read_only(plain: Store, change: str) -> None:
    """Nothing is tried, and what to do is said."""
    unshare = [need("unshare", "util-linux"), "--mount", "sh", "-c", READ_ONLY, str(plain.computer.home)]
    if subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode:
        absent("This account may not mount anything, not even in a place of its own. Run the test as root.")
    words, typed = CHANGES[change]
    status, said = plain.computer.run(*words, typed=typed, command=[*unshare, *STRONGROOM])
    assert (1, True) == (status, "cannot be written to" in said), said
    plain.is_as_before()


# two writers


def test_slots_come_and_go_while_hosts_sign(tmp_path: Path) -> None:
    """Two programs at once change the ways in, and a host signs all the while: all of it is there afterwards, and nothing but being
    busy was told."""
    home = Home(tmp_path)
    for addon in (ADDON, OTHER_ADDON):
        home.attach(addon)
    home.set_up()
    port: Port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    computer = Computer(tmp_path / "beside")
    computer.home, computer.environ = home.folder, {**computer.environ, **home.environ}
    secret = home.approver.passphrase
    rounds = 2
    signed = 0
    for number in range(rounds):
        first = computer.start("slots", "add", "passphrase", "--label", f"A{number}", typed=(secret, "a new passphrase"))
        second = computer.start("slots", "add", "passphrase", "--label", f"B{number}", typed=(secret, "b new passphrase"))
        while first.poll() is None or second.poll() is None:
            signed += bool(port.request("sign", {"keyId": key, "data": b64(b"data")})["signature"])
        for process in (first, second):
            status, said = ended(process, (secret,))
            assert 0 == status, said
    assert signed > rounds
    listed = computer.says("slots", "list")
    assert not [label for number in range(rounds) for label in (f"A{number}", f"B{number}") if label not in listed]
    removed = [computer.start("slots", "remove", f"{name}0", typed=(secret,)) for name in "AB"]
    assert [0, 0] == [ended(process, (secret,))[0] for process in removed]
    home.quit()
    assert computer.is_whole()
    assert 1 + 2 * rounds - 2 == len(computer.slots())
