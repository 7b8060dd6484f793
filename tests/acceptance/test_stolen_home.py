"""A folder that is copied, and one that is put back: what somebody has who takes the files, and what the owner is told.

A store of a TPM and a recovery code, and one of the login keyring with it. Of the files alone, nothing opens. An older file is noticed
where the counter stayed: in the TPM always; in the login keyring unless that was put back together with the file, which nothing in this
computer can tell from what it was then.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from native_host.encodings import recovery_code
from native_host.opening import KEYSTORE_FILE
from native_host.secret import SecretBytes
from native_host.testing.port import HostError
from tests.acceptance.conftest import Computer, copy_files, ended, keys_of, put_back
from tests.homes import unb64
from tests.host.test_confirmed_program import Person, person
from tests.parts.secret_service import Desktop
from tests.parts.swtpm import Swtpm, swtpm

__all__ = ["person"]
LABEL, DOOMED = "the savings of a lifetime", "an account to be destroyed"
with recovery_code.text_of(SecretBytes(bytes(16))) as text:
    NO_CODE = bytes(text.buffer).decode()
"""A recovery code, and not the one of any store here."""
NOT_HERE = re.compile("What else opens this keystore is not here: TPM|another computer's TPM")


def tpm_of(tpm: Swtpm) -> str:
    return f'[tpm]\ntcti = "{tpm.tcti}"\n'


class Owned:
    """The owner's computer, what they wrote on paper, and what an onlooker must not learn."""

    def __init__(self, computer: Computer, code: str) -> None:
        self.computer, self.code = computer, code
        self.older, self.newest = computer.folder / "older", computer.folder / "newest"
        port = computer.open()
        port.request("generateKey", {"alg": "Ed25519", "label": "another"})
        account = port.request("generateKey", {"alg": "ES256K", "label": LABEL})
        self.doomed = port.request("generateKey", {"alg": "ES256K", "label": DOOMED})["keyId"]
        public = account["publicKeyJwk"]["x"]
        self.secrets = [LABEL, DOOMED, account["keyId"], public, unb64(public).hex(), code, code.replace("-", "")]
        port.request("lock")
        computer.quit()

    def destroys_a_key(self) -> None:
        """The files of before, of a host that is open, are ``older``; those of after are ``newest``."""
        person = Person()
        port = self.computer.host(person)
        port.request("unlock")
        copy_files(self.computer.home, self.older)
        destroying = port.begin("destroyKey", {"keyId": self.doomed})
        person.reads("Your answer: ")
        person.types("approve")
        destroying.result()
        self.computer.quit()
        person.leaves()
        copy_files(self.computer.home, self.newest)

    def is_newest_now(self) -> None:
        """Whatever was done with it."""
        self.computer.quit()
        shutil.rmtree(self.newest)
        copy_files(self.computer.home, self.newest)

    def is_silent(self, said: str) -> bool:
        return not [secret for secret in self.secrets if secret in said]


def set_up(folder: Path, kind: str, *, config: str = "", session: Desktop | None = None) -> Owned:
    computer = Computer(folder, config=config, session=session)
    computer.attach()
    computer.says("init", "--slot", kind, typed=())
    with computer.on_terminal("slots", "add", "recovery") as terminal:
        code = computer.writes_code_down(terminal)
        assert 0 == terminal.status(), terminal.read
    return Owned(computer, code)


@pytest.fixture(scope="module")
def tpm() -> Iterator[Swtpm]:
    with swtpm() as tpm:
        yield tpm


@pytest.fixture(scope="module")
def other_tpm() -> Iterator[Swtpm]:
    with swtpm() as tpm:
        yield tpm


@pytest.fixture(scope="module")
def owned(tpm: Swtpm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owned]:
    owned = set_up(tmp_path_factory.mktemp("owner"), "tpm", config=tpm_of(tpm))
    owned.destroys_a_key()
    yield owned
    owned.computer.quit()


@pytest.fixture
def elsewhere(owned: Owned, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Computer]:
    """Another computer with the owner's folder: one with a TPM of its own, if the test says so."""
    with_tpm = getattr(request, "param", False)
    computer = owned.computer.copy_to(tmp_path / "thief", config=tpm_of(request.getfixturevalue("other_tpm")) if with_tpm else "")
    put_back(owned.newest, computer.home)
    yield computer
    computer.quit()


# elsewhere

COMMANDS: dict[str, tuple[str, ...]] = {
    "keys": ("keys",),
    "slots add": ("slots", "add", "passphrase"),
    "slots remove": ("slots", "remove", "TPM"),
    "slots test": ("slots", "test", "TPM"),
    "rekey root": ("rekey", "root", "--drop"),
    "rekey records": ("rekey", "records"),
    "audit show": ("audit", "show"),
    "audit checkpoint": ("audit", "checkpoint"),
    "backup": ("backup", "stolen.age"),
    "public-key": ("public-key", "AAAAAAAAAAAAAAAAAAAAAA"),
    "xpub": ("xpub", "AAAAAAAAAAAAAAAAAAAAAA", "m/44'/60'/0'"),
    "shares create": ("shares", "create", "AAAAAAAAAAAAAAAAAAAAAA"),
}


def test_no_command_opens_it_elsewhere(owned: Owned, elsewhere: Computer) -> None:
    """Each says what is missing, and nothing of what is inside."""
    typed = dict.fromkeys(COMMANDS, (NO_CODE, "a new passphrase"))
    started = {name: elsewhere.start(*words, typed=typed[name]) for name, words in COMMANDS.items()}
    for name, process in started.items():
        status, said = ended(process, typed[name])
        assert (1, True) == (status, owned.is_silent(said)), (name, said)
        assert "TPM" in said, (name, said)
    assert ["tpm", "recovery"] == elsewhere.slots()


def test_what_needs_no_secret_tells_none(owned: Owned, elsewhere: Computer) -> None:
    """What opens the store is said, and that it is not here; no file holds a label or a public key."""
    for words in (("status",), ("slots", "list"), ("audit", "verify"), ("origins", "list"), ("slots", "devices")):
        assert owned.is_silent(elsewhere.says(*words))
    assert "not here now" in elsewhere.says("slots", "list")
    held = b"".join(file.read_bytes() for file in elsewhere.home.rglob("*") if file.is_file())
    for secret in owned.secrets:
        assert secret.encode() not in held
        assert len(secret) % 2 or not re.fullmatch("[0-9a-f]+", secret) or bytes.fromhex(secret) not in held


@pytest.mark.parametrize("elsewhere", [False, True], indirect=True, ids=["no TPM", "another TPM"])
def test_no_host_opens_it_elsewhere(owned: Owned, elsewhere: Computer, person: Person) -> None:
    """Whoever sits there is told what is not here, and asked for the recovery code; a wrong one is refused."""
    port = elsewhere.host(person)
    unlocking = port.begin("unlock")
    said = person.reads("Code: ")
    assert NOT_HERE.search(said)
    for _ in range(2):
        person.types(NO_CODE)
        person.reads("Code: ")
    person.types(NO_CODE)
    with pytest.raises(HostError) as refused:
        unlocking.result()
    assert "cannot_unseal" == refused.value.reason
    assert NOT_HERE.search(refused.value.message)
    assert "locked" == port.request("getStatus")["state"]
    with pytest.raises(HostError):
        port.request("listKeys")


def test_nobody_to_ask_opens_nothing(elsewhere: Computer) -> None:
    """Without a screen or terminal the host says so, and stays."""
    port = elsewhere.host()
    with pytest.raises(HostError) as refused:
        port.request("unlock")
    assert "backend_unavailable" == refused.value.reason
    assert "locked" == port.request("getStatus")["state"]


def opens_with_code(computer: Computer, code: str, *arguments: str, accepts: bool = False) -> tuple[int, str]:
    with computer.on_terminal(*arguments) as terminal:
        terminal.reads("Code: ")
        terminal.types(code)
        if accepts:
            terminal.reads("Type accept")
            terminal.types("accept")
        return terminal.status(), terminal.read


@pytest.mark.parametrize("elsewhere", [False, True], indirect=True, ids=["no TPM", "another TPM"])
def test_the_recovery_code_opens_it_elsewhere(owned: Owned, elsewhere: Computer) -> None:
    """Once the owner has decided: nothing there knows how new the file is, and they are told that this is another computer."""
    status, said = opens_with_code(elsewhere, owned.code, "keys")
    assert 1 == status
    assert "another computer than before" in said
    assert "strongroom audit accept" in said
    status, said = opens_with_code(elsewhere, owned.code, "audit", "accept", accepts=True)
    assert 0 == status, said
    status, said = opens_with_code(elsewhere, owned.code, "keys")
    assert (0, True) == (status, LABEL in said), said
    assert "another computer than before" not in said


# put back at home


@pytest.fixture
def at_home(owned: Owned) -> Iterator[Computer]:
    """The owner's computer with the newest files; whatever a test leaves."""
    put_back(owned.newest, owned.computer.home)
    yield owned.computer
    owned.is_newest_now()


def older_of_three_files(owned: Owned) -> None:
    """The database, and what the host that had it open had not written into it yet."""
    assert [] != list(owned.older.glob("*-wal"))
    put_back(owned.older, owned.computer.home)


def older_file_alone(owned: Owned) -> None:
    """The write-ahead log of then was left out: older still."""
    put_back(owned.older, owned.computer.home)
    for suffix in ("-wal", "-shm"):
        Path(f"{owned.computer.database}{suffix}").unlink(missing_ok=True)


OLDER = {"with its write-ahead log": older_of_three_files, "alone": older_file_alone}


@pytest.mark.parametrize("how", OLDER)
def test_an_older_file_is_noticed(owned: Owned, at_home: Computer, how: str, person: Person) -> None:
    """With the device there: the host asks, and a no keeps it closed; a script is refused; no command changes anything first."""
    OLDER[how](owned)
    port = at_home.host(person)
    unlocking = port.begin("unlock")
    said = person.reads("Your answer: ")
    assert "an older copy" in said
    person.types("no")
    with pytest.raises(HostError) as refused:
        unlocking.result()
    assert "older copy" in refused.value.message
    with pytest.raises(HostError):
        port.request("listKeys")
    at_home.quit()
    for words in (("keys",), ("slots", "add", "passphrase"), ("rekey", "records"), ("backup", str(at_home.folder / "b.age"))):
        said = at_home.refuses(*words, typed=(NO_CODE, "a new passphrase"))
        assert "older copy" in said
        assert "strongroom audit accept" in said
        assert owned.is_silent(said)
    put_back(owned.newest, at_home.home)
    assert {"another", LABEL} == set(keys_of(at_home.open()))


@pytest.mark.parametrize("how", OLDER)
def test_an_older_file_goes_on_once_it_is_accepted(owned: Owned, at_home: Computer, how: str) -> None:
    """The destroyed key is back, as the owner was told it may be; and the newest file is now the older one."""
    OLDER[how](owned)
    with at_home.on_terminal("audit", "accept") as terminal:
        said = terminal.reads("Type accept")
        terminal.types("accept")
        assert 0 == terminal.status(), terminal.read
    assert "may be back" in said
    port = at_home.open()
    assert DOOMED in keys_of(port)
    at_home.quit()
    copy_files(at_home.home, at_home.folder / "accepted")
    put_back(owned.newest, at_home.home)
    assert "older copy" in at_home.refuses("keys", typed=())
    # What follows has the newest again: the owner decides once more.
    with at_home.on_terminal("audit", "accept") as terminal:
        terminal.reads("Type accept")
        terminal.types("accept")
        assert 0 == terminal.status(), terminal.read
    assert {"another", LABEL} == set(keys_of(at_home.open()))


# the login keyring


@pytest.fixture(scope="module")
def session() -> Iterator[Desktop]:
    with tempfile.TemporaryDirectory() as folder:
        session = Desktop(Path(folder))
        try:
            session.log_in()
            yield session
        finally:
            session.end()


def keyrings(session: Desktop) -> Path:
    return Path(session.environment["XDG_DATA_HOME"]) / "keyrings"


def keyring_put_back(session: Desktop, older: Path) -> None:
    """With nobody logged in, as from a backup of the home folder."""
    session.end_daemon()
    shutil.rmtree(keyrings(session))
    shutil.copytree(older, keyrings(session))
    session.log_in()


@pytest.fixture(scope="module")
def in_keyring(session: Desktop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owned]:
    """A store that the login keyring opens, and whose counter is there."""
    owned = set_up(tmp_path_factory.mktemp("keyring"), "secret_service", session=session)
    shutil.copytree(keyrings(session), owned.computer.folder / "older keyring")
    owned.destroys_a_key()
    yield owned
    owned.computer.quit()


def states(computer: Computer) -> dict[str, Any]:
    return {label: key["state"] for label, key in keys_of(computer.open()).items()}


def test_without_the_keyring_nothing_opens(in_keyring: Owned, tmp_path: Path, person: Person) -> None:
    """On a computer without one, and with that of somebody else."""
    alone = in_keyring.computer.copy_to(tmp_path / "thief")
    unlocking = alone.host(person).begin("unlock")
    assert "is not here: Login keyring." in person.reads("Code: ")
    person.types("")
    with pytest.raises(HostError):
        unlocking.result()
    said = alone.refuses("keys", typed=(NO_CODE,))
    assert in_keyring.is_silent(said)
    alone.quit()
    with tempfile.TemporaryDirectory() as folder:
        theirs = Desktop(Path(folder))
        try:
            theirs.log_in()
            other = in_keyring.computer.copy_to(tmp_path / "other", session=theirs)
            said = other.refuses("keys", typed=(NO_CODE,))
            assert "Your login keyring no longer has the key" in said
            assert in_keyring.is_silent(said)
        finally:
            theirs.end()


def test_an_older_file_is_noticed_by_the_keyring(in_keyring: Owned, session: Desktop) -> None:
    """As long as the keyring is as it was left."""
    computer = in_keyring.computer
    put_back(in_keyring.older, computer.home)
    assert "older copy" in computer.refuses("keys", typed=())
    put_back(in_keyring.newest, computer.home)
    assert {"another", LABEL} == set(states(computer))
    in_keyring.is_newest_now()


def test_an_older_file_and_an_older_keyring_are_not(in_keyring: Owned, session: Desktop) -> None:
    """Both lie in the home folder. Put back together they open as they did then, and nobody is told: the destroyed key is there."""
    computer = in_keyring.computer
    shutil.copytree(keyrings(session), computer.folder / "newest keyring")
    put_back(in_keyring.older, computer.home)
    keyring_put_back(session, computer.folder / "older keyring")
    assert DOOMED in states(computer)
    computer.quit()
    put_back(in_keyring.newest, computer.home)
    keyring_put_back(session, computer.folder / "newest keyring")
    assert {"another", LABEL} == set(states(computer))
    computer.quit()


def test_with_the_counter_in_a_tpm_they_are(tpm: Swtpm, session: Desktop, tmp_path: Path) -> None:
    """Also where the login keyring alone opens the store."""
    owned = set_up(tmp_path / "owner", "secret_service", config=tpm_of(tpm), session=session)
    assert "TPM" in owned.computer.says("status")
    shutil.copytree(keyrings(session), owned.computer.folder / "older keyring")
    owned.destroys_a_key()
    put_back(owned.older, owned.computer.home)
    keyring_put_back(session, owned.computer.folder / "older keyring")
    assert "older copy" in owned.computer.refuses("keys", typed=())


def test_the_files_have_their_names(owned: Owned) -> None:
    """What is copied above is all of it: there is nothing of the store outside these files."""
    assert {KEYSTORE_FILE} == {file.name for file in owned.newest.iterdir()}
    status = json.loads(owned.computer.says("status", "--json"))
    assert str(owned.computer.home) == status["folder"]
