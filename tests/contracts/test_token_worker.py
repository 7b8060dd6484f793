"""The process that loads a PKCS#11 module, with SoftHSM 2 and with a module that means harm."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from native_host.config import Pkcs11Config
from native_host.secret import SecretBytes
from native_host.tokens import client, modules
from native_host.tokens.errors import ModuleBroken, ModulesRefused, NotLoggedIn, PinWrong, TokenAbsent, TokenError, TokenRefuses
from tests.parts.hostile_module import HostileModule
from tests.parts.softhsm import PIN, SoftHsm, shared_softhsm, softhsm

__all__ = ["shared_softhsm", "softhsm"]  # fixtures

HOSTILE_SERIAL = b"7".hex()
SHORT = 2.0


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> HostileModule:
    return HostileModule(tmp_path_factory.mktemp("hostile"))


@pytest.fixture
def worker(shared_softhsm: SoftHsm) -> Iterator[client.TokenWorker]:
    with closing(client.TokenWorker(shared_softhsm.module)) as one:
        yield one


def pin(text: str = PIN) -> SecretBytes:
    return SecretBytes(text.encode())


def pid_of(worker: client.TokenWorker) -> int:
    assert worker._running is not None
    return worker._running._child.pid


def test_a_token_is_described(worker: client.TokenWorker) -> None:
    """Its names, its flags and what it can do; a slot without a token that was set up is not listed."""
    (token,) = worker.tokens()
    assert (token.label, token.manufacturer, token.model) == ("wallet", "SoftHSM project", "SoftHSM v2")
    assert (token.login_required, token.pin_set, token.pin_pad, token.locked, token.final_try) == (True, True, False, False, False)
    assert {"CKM_AES_GCM", "CKM_ECDSA", "CKM_RSA_PKCS_OAEP"} <= set(token.mechanisms)


def test_a_session_needs_a_login_and_a_second_login_is_one_too(worker: client.TokenWorker) -> None:
    """PKCS#11 refuses a second login in one process; here it takes the place of the first."""
    serial = worker.tokens()[0].serial
    with pytest.raises(NotLoggedIn):
        worker.call("find_keys", serial=serial)
    for _ in range(2):
        worker.login(serial, pin())
        assert worker.call("find_keys", serial=serial) == []
    worker.logout(serial)
    with pytest.raises(NotLoggedIn):
        worker.call("find_keys", serial=serial)


def test_a_wrong_pin_logs_out_and_is_told_by_the_flags(worker: client.TokenWorker) -> None:
    """Whoever logs in anew has to know the PIN, also where somebody is logged in already."""
    serial = worker.tokens()[0].serial
    worker.login(serial, pin())
    with pytest.raises(PinWrong) as wrong:
        worker.login(serial, pin("4321"))
    assert wrong.value.tries_left is None
    assert worker.tokens()[0].count_low
    with pytest.raises(NotLoggedIn):
        worker.call("find_keys", serial=serial)
    worker.login(serial, pin())
    assert not worker.tokens()[0].count_low


@pytest.mark.parametrize("wrong", ["", "1", "9" * 300, "é" * 5])
def test_what_is_no_pin_is_wrong(worker: client.TokenWorker, wrong: str) -> None:
    """Too short, too long or of other characters: never anything else than a wrong PIN."""
    with pytest.raises(PinWrong):
        worker.login(worker.tokens()[0].serial, pin(wrong))


def test_a_token_that_is_taken_out_is_absent_and_comes_back(softhsm: SoftHsm) -> None:
    """Without another start of the worker; who was logged in is not any more."""
    serial = softhsm.serial
    softhsm.worker.login(serial, pin())
    softhsm.take_away()
    assert softhsm.worker.tokens(serial) == []
    with pytest.raises(TokenAbsent):
        softhsm.worker.login(serial, pin())
    softhsm.bring_back()
    with pytest.raises(NotLoggedIn):
        softhsm.worker.call("find_keys", serial=serial)
    softhsm.worker.login(serial, pin())


def test_a_token_that_is_set_up_later_is_found(softhsm: SoftHsm) -> None:
    """A module that looks for tokens once is made to look again."""
    first = softhsm.serial
    softhsm.add_token("second")
    assert {token.label for token in softhsm.worker.tokens()} == {"wallet", "second"}
    assert softhsm.serial == first


def test_a_worker_that_died_is_started_again(worker: client.TokenWorker) -> None:
    """Nobody is logged in to the new one."""
    serial = worker.tokens()[0].serial
    worker.login(serial, pin())
    os.kill(pid_of(worker), signal.SIGKILL)
    with pytest.raises((ModuleBroken, NotLoggedIn)):
        worker.call("find_keys", serial=serial)
    with pytest.raises(NotLoggedIn):
        worker.call("find_keys", serial=serial)
    worker.login(serial, pin())


def test_an_unknown_method_is_refused_and_harms_nothing(worker: client.TokenWorker) -> None:
    """The worker stays, and so does the login."""
    serial = worker.tokens()[0].serial
    worker.login(serial, pin())
    with pytest.raises(TokenRefuses):
        worker.call("format_token", serial=serial)
    with pytest.raises(TokenError):
        worker.call("load", path="/lib/x.so", sha256="0" * 64, environment={})
    assert worker.call("find_keys", serial=serial) == []


def test_many_threads_may_call(worker: client.TokenWorker) -> None:
    """Their calls come one after the other, and each gets its own answer."""
    serial = worker.tokens()[0].serial
    worker.login(serial, pin())
    found: list[object] = []

    def ask() -> None:
        found.extend((worker.tokens(serial)[0].serial, worker.call("find_keys", serial=serial)))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(serial) == found.count([]) == 8


def test_a_module_that_is_not_the_one_listed_is_never_started(shared_softhsm: SoftHsm) -> None:
    """The digest is compared before there is a process."""
    with closing(client.TokenWorker(modules.Module(path=shared_softhsm.module.path, sha256="0" * 64))) as other:
        with pytest.raises(ModulesRefused):
            other.tokens()
        assert other._running is None


def test_the_worker_checks_the_digest_itself(shared_softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changed between the check and the loading is not loaded."""
    monkeypatch.setattr(modules, "check", lambda module, **_: None)  # in this process alone
    other = client.TokenWorker(modules.Module(path=shared_softhsm.module.path, sha256="0" * 64))
    with closing(other), pytest.raises(ModulesRefused):
        other.tokens()


def test_the_module_gets_no_environment_but_its_own(shared_softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever starts the browser cannot point a module at another configuration."""
    monkeypatch.setenv("SOFTHSM2_CONF", "/nowhere")
    with closing(client.TokenWorker(shared_softhsm.module)) as worker:
        assert [token.label for token in worker.tokens()] == ["wallet"]
    bare = modules.Module(path=shared_softhsm.module.path, sha256=shared_softhsm.module.sha256)
    monkeypatch.setenv("SOFTHSM2_CONF", shared_softhsm.module.environment["SOFTHSM2_CONF"])
    with closing(client.TokenWorker(bare)) as worker:
        assert "wallet" not in [token.label for token in worker.tokens()]


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="what a process is can be read in /proc")
def test_the_process_is_guarded(worker: client.TokenWorker) -> None:
    """It leaves no core file, its memory has a bound, and Ctrl-C in a terminal does not reach it."""
    worker.tokens()
    limits = Path(f"/proc/{pid_of(worker)}/limits").read_text()
    assert any(line.split()[:6] == ["Max", "core", "file", "size", "0", "0"] for line in limits.splitlines())
    assert "Max address space         unlimited" not in limits
    assert os.getsid(pid_of(worker)) == pid_of(worker)


@pytest.mark.parametrize(
    "misbehave",
    [
        "crash at initialize",
        "exit at initialize",
        "write everywhere",
        "crash at slots",
        "abort at slots",
        "more slots than memory",
        "more mechanisms than memory",
    ],
)
def test_a_module_that_fails_ends_its_own_process_alone(hostile: HostileModule, misbehave: str) -> None:
    """The host gets one plain error, and asks again without harm."""
    with closing(hostile.worker(misbehave)) as worker:
        for _ in range(2):
            with pytest.raises(ModuleBroken):
                worker.tokens()


@pytest.mark.parametrize("misbehave", ["hang at slots", "hang with a child", "hang at the end"])
def test_a_module_that_hangs_is_ended_at_its_time(hostile: HostileModule, misbehave: str) -> None:
    """Also one whose child keeps the pipe open."""
    with closing(hostile.worker(misbehave)) as worker:
        with pytest.raises(ModuleBroken):
            worker.call("tokens", seconds=SHORT, serial=None)
        assert worker._running is None


HOST = """
import sys
from threading import Thread
from native_host.config import Pkcs11Config
from native_host.tokens import client, modules
worker = client.TokenWorker(modules.allowed(Pkcs11Config(modules=sys.argv[1]))[0])
worker.call("logout", serial="")
print(worker._running._child.pid, flush=True)
worker.tokens()
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the end of another's child is seen through a pidfd (Linux)")
def test_a_worker_ends_with_its_host(hostile: HostileModule) -> None:
    """Also when its module hangs in a call and the host was killed."""
    command = [sys.executable, "-c", HOST, str(hostile.config("hang at slots").modules)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as host:
        assert host.stdout is not None
        worker = os.pidfd_open(int(host.stdout.readline()))
        host.kill()
    assert select.select([worker], [], [], 20)[0]
    os.close(worker)


CONFINED = """
import os, sys
from native_host.config import Config, Paths, Pkcs11Config
from native_host.confinement import confine, prepare
from native_host.confinement.reach import reach_of
from native_host.secret import SecretBytes
from native_host.tokens import client
listed, folder = sys.argv[1:]
prepare(None, os.environ, modules=listed)
confine(reach_of(Config(), Paths(config=os.path.dirname(listed), data=folder, state=folder), os.environ, plugged=False))
for _ in range(2):
    ((worker, token),) = client.listed(Pkcs11Config(modules=listed))
    worker.login(token.serial, SecretBytes(b"1234"))
    sys.stdout.write(f"{token.label} {worker.call('find_keys', serial=token.serial)}\\n")
    client.close_all()
"""


def test_a_confined_host_reaches_its_token(shared_softhsm: SoftHsm, tmp_path: Path) -> None:
    """The starter starts the worker, which clears the environment itself, and starts another one once that has ended."""
    command = [sys.executable, "-c", CONFINED, str(shared_softhsm.settings.pkcs11.modules), str(tmp_path)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("wallet []\n" * 2, "", 0)


OTHER_LIST = """
import os, sys
from native_host.confinement import prepare
from native_host.config import Pkcs11Config
from native_host.tokens import client
from native_host.tokens.errors import ModulesRefused
listed, other = sys.argv[1:]
prepare(None, os.environ, modules=listed)
try:
    client.listed(Pkcs11Config(modules=other))
except ModulesRefused:
    sys.stdout.write("refused")
"""


def test_a_host_that_was_taken_over_has_nothing_else_loaded(shared_softhsm: SoftHsm, tmp_path: Path) -> None:
    """The list is fixed when the host starts: a module of another list, however well made, is not loaded by the unconfined process."""
    empty = tmp_path / "modules.toml"
    empty.write_text("", encoding="utf-8")
    empty.chmod(0o644)
    command = [sys.executable, "-c", OTHER_LIST, str(empty), str(shared_softhsm.settings.pkcs11.modules)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("refused", "", 0)


def test_a_module_that_prints_is_not_heard(hostile: HostileModule, capfd: pytest.CaptureFixture[str]) -> None:
    """Its standard output is not the pipe to the host, and its standard error goes nowhere."""
    with closing(hostile.worker("print")) as worker:
        assert [token.label for token in worker.tokens()] == ["hostile"]
    assert capfd.readouterr() == ("", "")


SPEAKER = """
import os, sys
os.read(0, 65536)
sys.stdout.buffer.write(open(sys.argv[1], "rb").read())
sys.stdout.flush()
"""


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    "spoken",
    [
        b"",
        b"\0\0",
        b"\0\0\0\0",
        b"\xff\xff\xff\xff",
        b"\0\0\0\x09cut",
        framed(b"\xc1"),
        framed(b"\xa1\xff"),
        framed(b"\x81\xa2id\x01\x00"),
        framed(b"\x82\xa2id\x01\xa6result\xa1\xff"),
        framed(b"\x82\xa2id\x01\xa6result" + b"\x91" * 100_000),
        framed(b"\x82\xa2id\x01\xa6result\xdd\xff\xff\xff\xff"),
        framed(b"\x82\xa2id\x01\xa6result\x81\x81\x01\x01\x01"),
        framed(b"\x81\xa2id\x02"),
        framed(b"\x81\xa2id\xcf" + b"\xff" * 8),
        framed(b"\x82\xa2id\x01\xa5error\x81\xa4name\xa0"),
        framed(b"\x82\xa2id\x01\xa5error\xa5wrong"),
    ],
    ids=range(16),
)
def test_a_worker_that_was_taken_over_speaks_and_the_host_goes_on(
    shared_softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spoken: bytes
) -> None:
    """A module can say on the pipe whatever it likes: no frame, no message, none to this call, or half of one."""
    (tmp_path / "spoken").write_bytes(spoken)
    command = [sys.executable, "-I", "-c", SPEAKER, str(tmp_path / "spoken")]
    monkeypatch.setattr(client, "_spawn", lambda: subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
    with closing(client.TokenWorker(shared_softhsm.module)) as worker, pytest.raises(ModuleBroken):
        worker.tokens()


def test_names_are_shown_without_what_a_list_cannot_show(hostile: HostileModule) -> None:
    """A token can call itself anything; the host takes it, and leaves out what is not to be shown."""
    with closing(hostile.worker("every byte")) as worker:
        (token,) = worker.tokens()
    assert token.label.isprintable()
    assert token.manufacturer.isprintable()
    assert token.serial == "ff" * 16


def test_a_slot_list_that_changes_between_two_calls_is_survived(hostile: HostileModule) -> None:
    """The count of the first call is the one that there is room for."""
    with closing(hostile.worker("slots that come and go")) as worker:
        assert len(worker.tokens()) == 1


def test_a_crash_at_the_login_is_no_wrong_pin(hostile: HostileModule) -> None:
    """It is the module's fault and says so."""
    with closing(hostile.worker("crash at login")) as worker, pytest.raises(ModuleBroken):
        worker.login(HOSTILE_SERIAL, pin())


def test_a_pin_pad_gets_no_pin_from_us(hostile: HostileModule) -> None:
    """C_Login without a PIN has the token ask for it (protected authentication path)."""
    with closing(hostile.worker("pin pad")) as worker:
        assert worker.tokens()[0].pin_pad
        worker.login(HOSTILE_SERIAL, None)
        with pytest.raises(PinWrong):
            worker.login(HOSTILE_SERIAL, pin())


def test_one_worker_a_module_and_another_once_the_list_changed(hostile: HostileModule) -> None:
    """Slots and keys in tokens share it, and with it the login."""
    (first,) = modules.allowed(hostile.config("print"))
    (second,) = modules.allowed(hostile.config("every byte"))
    try:
        assert client.worker_of(first) is client.worker_of(first)
        client.worker_of(first).tokens()
        older = client.worker_of(first)
        assert client.worker_of(second) is not older
        assert not older.is_running()
    finally:
        client.close_all()


def test_a_broken_module_hides_no_token_of_another(hostile: HostileModule, shared_softhsm: SoftHsm, tmp_path: Path) -> None:
    """A list with both finds what works; alone, the broken one is an error and not an empty list."""
    broken = hostile.config("crash at slots")
    both = tmp_path / "modules.toml"
    both.write_text(Path(str(broken.modules)).read_text() + Path(str(shared_softhsm.settings.pkcs11.modules)).read_text())
    try:
        assert [token.label for _, token in client.listed(Pkcs11Config(modules=str(both)))] == ["wallet"]
        with pytest.raises(ModuleBroken):
            client.listed(broken)
    finally:
        client.close_all()
