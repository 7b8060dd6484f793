"""Killed with signal 9 in the midst of whatever changes the ways in or the keys of the keystore: all of it happened, or nothing did.

The programs are the real ones, in processes of their own, that kill themselves just before one of the statements with which they write;
each change is killed at moments spread over all of these, among them those just before and just after a counter outside the file is
raised. Afterwards each way in is one of before or of after and opens every key, the audit chain is whole, and the change can be made.
What a device was given before the kill may be left over in it; nothing that a way in needs is ever missing.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from pathlib import Path

import pytest
import secretstorage

from native_host.config import find_paths, read_config
from native_host.errors import CannotUnseal, KmsError
from native_host.kek.kinds import provider_of
from native_host.kek.provider import Settings
from native_host.keystore.evidence import examine
from native_host.keystore.store import KeyStore
from native_host.opening import now
from native_host.protocol.approver import SecretPurpose
from native_host.secret import SecretBytes
from native_host.testing.approver import PASSPHRASE
from native_host.tokens.client import close_all
from tests.acceptance.conftest import Computer, ended
from tests.backups.computers import FOR_KEY, KEY
from tests.backups.terminals import Terminal
from tests.homes import Home
from tests.parts.secret_service import Desktop
from tests.parts.softhsm import PIN, SoftHsm
from tests.parts.swtpm import swtpm

NEW = "another passphrase here"
MOMENTS = 4
WITHOUT = -1
KILLED = -9
# The program, killed just before its writing statement of the number that comes first; they are counted if there is no such one.
KILLED_AT = """
import os, sqlite3, sys
step, counted = int(sys.argv.pop(1)), [0]
def look(statement):
    if statement.split(" ")[0].upper() in {"BEGIN", "INSERT", "UPDATE", "DELETE", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "ATTACH", "VACUUM"}:
        counted[0] += 1
        if counted[0] == step:
            os.kill(os.getpid(), 9)
def connect(*arguments, **options):
    connection = opened(*arguments, **options)
    connection.set_trace_callback(look)
    return connection
opened, sqlite3.connect = sqlite3.connect, connect
from native_host.cli import main
from native_host.kek import passphrase
# What is measured here is not how long a guess takes.
passphrase.measured_parameters = lambda salt, **_: passphrase.floor_parameters(salt)
try:
    main()
finally:
    sys.stdout.flush()
    print("WRITES", counted[0], flush=True)
"""


class Types:
    """Whoever opens a slot, and has one thing to type."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def secret(self, purpose: SecretPurpose, title: str, hint: str | None = None) -> SecretBytes:
        return SecretBytes(self._secret.encode())

    def show(self, purpose: SecretPurpose, title: str, secret: SecretBytes) -> None:
        raise AssertionError

    def make_ready(self, title: str, text: str) -> None:
        return

    def waits(self) -> AbstractContextManager[None]:
        return nullcontext()


def ways_in(computer: Computer, *secrets: str) -> dict[str, set[str]]:
    """For each secret, the kinds of slots that it opens; each of them opens every key, and nothing is found amiss. Nothing is written."""
    config = read_config(find_paths(computer.environ))
    settings, found = Settings(tpm=config.tpm, pkcs11=config.pkcs11), {secret: set[str]() for secret in secrets}
    with closing(KeyStore(str(computer.database), now)) as store:
        assert [] == list(examine(store.connection).findings)
        for slot in store.slots():
            for secret, kinds in found.items():
                try:
                    with (
                        provider_of(slot.kind, settings).open(slot.parameters, Types(secret)) as kek,
                        store.root_of(slot, kek) as root,
                    ):
                        store.unlock_with(root)
                except (CannotUnseal, KmsError):
                    continue
                kinds.add(slot.kind)
                for (record_id,) in store.connection.execute("SELECT record_id FROM records").fetchall():
                    store.see_that_it_opens(record_id)
                store.forget_keys()
    return found


def labels(computer: Computer) -> list[str]:
    with closing(KeyStore(str(computer.database), now)) as store:
        return [slot.label for slot in store.slots()]


def count(computer: Computer) -> int:
    with closing(KeyStore(str(computer.database), now)) as store:
        (number,) = store.connection.execute("SELECT count(*) FROM records").fetchone()
    return int(number)


def killed(computer: Computer, step: int, words: tuple[str, ...], typed: tuple[str, ...]) -> tuple[int, str]:
    """How the program ended that was to be killed at that step."""
    process = computer.start(*words, typed=typed, command=[sys.executable, "-c", KILLED_AT, str(step)])
    return ended(process, typed)


def done(computer: Computer, words: tuple[str, ...], typed: tuple[str, ...]) -> int:
    """With how many writing statements the program did it."""
    status, said = killed(computer, WITHOUT, words, typed)
    assert 0 == status, said
    return writes(said)


def writes(said: str) -> int:
    return int(said.rsplit("WRITES ", 1)[1].split(maxsplit=1)[0])


def moments(number: int) -> list[int]:
    """The first statement, the last, and some between."""
    return sorted({1 + round(place * (number - 1) / (MOMENTS - 1)) for place in range(MOMENTS)})


# changes of a store that no counter watches: each time on a copy of it


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A store with three keys."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.attach()
    home.set_up()
    port = home.open()
    for alg in ("Ed25519", "ES256K", "BIP39"):
        port.request("generateKey", {"alg": alg})
    home.quit()
    yield home
    home.quit()


@pytest.fixture(scope="module")
def one(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Computer:
    """That store, which a passphrase opens."""
    computer = Computer(tmp_path_factory.mktemp("one"))
    computer.home = home.folder
    return computer


@pytest.fixture(scope="module")
def two(one: Computer, tmp_path_factory: pytest.TempPathFactory) -> Computer:
    """A copy of it, which another one opens as well."""
    computer = one.copy_to(tmp_path_factory.mktemp("two") / "two")
    done(computer, ADD, (PASSPHRASE, NEW))
    return computer


Ways = tuple[set[str], set[str]]
ONE: Ways = ({"passphrase"}, set())
TWO: Ways = ({"passphrase"}, {"passphrase"})
OTHER: Ways = (set(), {"passphrase"})
ADD = ("slots", "add", "passphrase", "--label", "Second")
CHANGES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], Ways, Ways]] = {
    "slots add": ("one", ADD, (PASSPHRASE, NEW), ONE, TWO),
    "slots remove": ("two", ("slots", "remove", "Second"), (PASSPHRASE,), TWO, ONE),
    "passphrase": ("one", ("passphrase",), (PASSPHRASE, NEW), ONE, OTHER),
    "rekey root": ("two", ("rekey", "root"), (PASSPHRASE, PASSPHRASE, NEW), TWO, TWO),
    "rekey records": ("one", ("rekey", "records", "--alg", "A256GCM"), (PASSPHRASE,), ONE, ONE),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_old_or_the_new(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Every key is there, and the change can be made if it was not."""
    source, words, typed, before, after = CHANGES[name]
    store: Computer = request.getfixturevalue(source)
    whole = store.copy_to(tmp_path / "whole")
    number = done(whole, words, typed)
    assert after == tuple(ways_in(whole, PASSPHRASE, NEW).values())
    for step in moments(number):
        computer = store.copy_to(tmp_path / str(step))
        assert KILLED == killed(computer, step, words, typed)[0], step
        ways = tuple(ways_in(computer, PASSPHRASE, NEW).values())
        assert ways in (before, after), step
        assert 3 == count(computer)
        if ways == before:
            done(computer, words, typed)
            assert after == tuple(ways_in(computer, PASSPHRASE, NEW).values())


def test_init(tmp_path: Path) -> None:
    """There is a keystore that opens, or none, and then one can be made."""
    words = ("init", "--slot", "passphrase")
    for step in moments(done(Computer(tmp_path / "whole"), words, (PASSPHRASE,))):
        computer = Computer(tmp_path / str(step))
        assert KILLED == killed(computer, step, words, (PASSPHRASE,))[0]
        with closing(KeyStore(str(computer.database), now)) as store:
            made = store.is_set_up
        if not made:
            done(computer, words, (PASSPHRASE,))
        assert {"passphrase"} == ways_in(computer, PASSPHRASE)[PASSPHRASE]


@pytest.mark.parametrize("onto", ["a new computer", "the same keystore"])
def test_restore(onto: str, one: Computer, tmp_path: Path) -> None:
    """What was there opens as it did, or the backup by its new passphrase; on a new computer nothing, or the backup."""
    origin = one.copy_to(tmp_path / "origin")
    key = tmp_path / "key"
    key.write_text(f"{KEY}\n")
    done(origin, ("backup", str(tmp_path / "backup.age"), *FOR_KEY), (PASSPHRASE,))
    words = ("restore", str(tmp_path / "backup.age"), "--identity", str(key))
    typed = (NEW,) if onto == "a new computer" else ("replace", NEW)
    nothing: Ways = (set(), set())

    def target(name: str) -> Computer:
        return Computer(tmp_path / name) if onto == "a new computer" else origin.copy_to(tmp_path / name)

    whole = target("whole")
    number = done(whole, words, typed)
    assert OTHER == tuple(ways_in(whole, PASSPHRASE, NEW).values())
    for step in moments(number):
        computer = target(f"at {step}")
        assert KILLED == killed(computer, step, words, typed)[0]
        ways = tuple(ways_in(computer, PASSPHRASE, NEW).values())
        assert ways in (nothing if onto == "a new computer" else ONE, OTHER), step
        assert (0 if ways == nothing else 3) == count(computer)
        if ways != OTHER:
            done(computer, words, typed)


def accepts(computer: Computer, step: int) -> tuple[int, str]:
    """How ``audit accept`` ends, with somebody at the terminal who accepts."""
    terminal = Terminal([sys.executable, "-c", KILLED_AT, str(step), "audit", "accept"], computer.environ)
    try:
        with suppress(AssertionError):  # killed before
            terminal.reads("Unlock your keystore: ")
            terminal.types(PASSPHRASE)
            terminal.reads("Type accept")
            terminal.types("accept")
        return terminal.status(), terminal.read
    finally:
        terminal.end()


def test_audit_accept(one: Computer, tmp_path: Path) -> None:
    """The keystore is as it was found, or as its owner accepted it; never half."""
    cut = one.copy_to(tmp_path / "cut")
    with closing(KeyStore(str(cut.database), now)) as store:
        store.connection.execute("DELETE FROM audit WHERE seq = 1")
    status, said = accepts(cut.copy_to(tmp_path / "whole"), WITHOUT)
    assert 0 == status, said
    for step in moments(writes(said)):
        computer = cut.copy_to(tmp_path / str(step))
        assert KILLED == accepts(computer, step)[0]
        with closing(KeyStore(str(computer.database), now)) as store:
            left = bool(examine(store.connection).findings)
        if left:
            assert 0 == accepts(computer, WITHOUT)[0]
        assert {"passphrase"} == ways_in(computer, PASSPHRASE)[PASSPHRASE]
        assert 3 == count(computer)


# devices: on one store, whose counter is where the device is


def goes_and_comes(computer: Computer, kind: str, secret: str, kept: Callable[[], int]) -> None:
    """Adding and removing a slot, each killed at its moments; ``kept`` says how many things the device keeps."""
    # A device that is there goes before what is typed.
    change = {
        True: (("slots", "add", kind, "--label", "Device"), (PASSPHRASE, secret) if secret else (PASSPHRASE,)),
        False: (("slots", "remove", "Device"), (secret or PASSPHRASE,)),
    }
    number = {adds: done(computer, *change[adds]) for adds in (True, False)}
    there = False
    for adds in (True, False):
        for step in moments(number[adds]):
            if there == adds:
                done(computer, *change[not adds])
            assert KILLED == killed(computer, step, *change[adds])[0], (adds, step)
            opened = ways_in(computer, PASSPHRASE, secret)
            assert "passphrase" in opened[PASSPHRASE]
            there = "Device" in labels(computer)
            assert there == (kind in opened[secret]), (adds, step)
            assert kept() >= there
            # The store opens with the counter as the kill left it, and nobody is asked about an older copy.
            done(computer, ("keys",), (secret if there and secret else PASSPHRASE,))


def owner(folder: Path, *, config: str = "", session: Desktop | None = None) -> Computer:
    computer = Computer(folder, config=config, session=session)
    done(computer, ("init", "--slot", "passphrase"), (PASSPHRASE,))
    return computer


def test_a_slot_in_a_tpm(tmp_path: Path) -> None:
    """The TPM keeps nothing of a slot; its counter is raised after the file, which may be ahead of it and never behind."""
    with swtpm() as tpm:
        computer = owner(tmp_path / "owner", config=f'[tpm]\ntcti = "{tpm.tcti}"\n')
        assert "TPM" in computer.says("status")
        goes_and_comes(computer, "tpm", "", lambda: 1)
        assert b"" == tpm.handles()


def test_a_slot_in_the_login_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An item without a slot may be left over; a slot without an item never."""
    with tempfile.TemporaryDirectory() as folder:
        session = Desktop(Path(folder))
        try:
            session.log_in()
            for name, value in session.environment.items():
                monkeypatch.setenv(name, value)

            def items() -> int:
                with closing(secretstorage.dbus_init()) as connection:
                    return len(list(secretstorage.search_items(connection, {"application": "strongroom"})))

            goes_and_comes(owner(tmp_path / "owner", session=session), "secret_service", "", items)
        finally:
            session.end()


def test_a_slot_in_a_token(tmp_path: Path) -> None:
    """A key without a slot may be left over; a slot without a key never."""
    softhsm = SoftHsm(tmp_path / "softhsm")
    try:
        computer = owner(tmp_path / "owner", config=f'[pkcs11]\nmodules = "{softhsm.settings.pkcs11.modules}"\n')
        goes_and_comes(computer, "pkcs11", PIN, lambda: 1)
    finally:
        close_all()
