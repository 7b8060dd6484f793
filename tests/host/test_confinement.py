"""What a host on Linux has given up by the time that it can hold a secret, tried from inside the real one; and that it works so."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from native_host.confinement import landlock, seccomp
from native_host.kek import passphrase
from native_host.kek.symmetric import SymmetricKek
from native_host.secret import SecretBytes
from native_host.testing.approver import PASSPHRASE
from native_host.testing.port import HostError, Port
from tests.homes import HOST, Home, b64, refusal, unlock, until
from tests.parts.missing import impossible
from tests.parts.secret_service import desktop
from tests.parts.swtpm import swtpm

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a host is confined on Linux only")

INSIDE = """
import json, os, sys
folder, base, port = sys.argv.pop(1), sys.argv.pop(1), int(sys.argv.pop(1))
from native_host import stages
from native_host.__main__ import main
act = stages.Stages.act
def then(self, session, call, facts, decision):
    if call.method == "randomBytes":
        found = {}
        try:
            exec(BODY, {**globals(), "found": found, "attempt": attempt(found), "STORE": self.store})
        except Exception as error:
            found["error"] = repr(error)
        with open(os.path.join(folder, "found"), "w") as file:
            json.dump(found, file)
    return act(self, session, call, facts, decision)
def attempt(found):
    def tried(name, work):
        try:
            work()
        except OSError as error:
            found[name] = error.errno
        else:
            found[name] = 0
    return tried
stages.Stages.act = then
main()
"""

ATTEMPTS = """
import ctypes, socket, subprocess, threading
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "")
def write(path):
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
def connect(kind):
    with socket.socket(socket.AF_INET, kind) as end:
        end.connect(("127.0.0.1", port))
def pipe(path):
    with socket.socket(socket.AF_UNIX) as end:
        end.connect(path)
def aside(work):
    raised = []
    def run():
        try:
            work()
        except OSError as error:
            raised.append(error)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
parent = os.getppid()
attempt("read a file of the person's", lambda: open(base + "/outside").close())
attempt("list a folder of the person's", lambda: os.listdir(base))
attempt("write a file of the person's", lambda: write(base + "/outside"))
attempt("make a file", lambda: write("/tmp/strongroom-test"))
attempt("change the program", lambda: write(stages.__file__))
attempt("let others read a file", lambda: os.chmod(base + "/outside", 0o666))
attempt("let others read it by a handle", lambda: os.chmod(f"/proc/self/fd/{os.open(base + '/outside', os.O_PATH)}", 0o666))
attempt("change whose it is", lambda: os.chown(base + "/outside", os.getuid(), os.getgid()))
attempt("change its attributes", lambda: os.setxattr(base + "/outside", "user.test", b"x"))
attempt("change its times", lambda: os.utime(base + "/outside", (0, 0)))
attempt("make a link", lambda: os.symlink("/", folder + "/link"))
attempt("read another process", lambda: open(f"/proc/{parent}/environ").close())
attempt("look at other processes", lambda: os.listdir("/proc"))
attempt("open a terminal", lambda: os.listdir("/dev/pts"))
attempt("open shared memory", lambda: os.listdir("/dev/shm"))
attempt("tcp", lambda: connect(socket.SOCK_STREAM))
attempt("udp", lambda: connect(socket.SOCK_DGRAM))
attempt("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
attempt("abstract", lambda: pipe("\\0" + base))
attempt("exec", lambda: os.execv("/bin/true", ["true"]))
attempt("fork", os.fork)
attempt("program", lambda: subprocess.run(["/bin/true"]))
attempt("spawn", lambda: os.posix_spawn("/bin/true", ["true"], {}))
attempt("trace", lambda: call(101 if os.uname().machine == "x86_64" else 117, 16, parent, 0, 0))
attempt("signal", lambda: os.kill(parent, 0))
attempt("namespace", lambda: call(272 if os.uname().machine == "x86_64" else 97, 0x10000000))
attempt("io_uring", lambda: call(425, 1, None))
attempt("bpf", lambda: call(321 if os.uname().machine == "x86_64" else 280, 0, None, 0))
attempt("be dumped", lambda: call(157 if os.uname().machine == "x86_64" else 167, 4, 1, 0, 0, 0))
attempt("read in a new thread", lambda: aside(lambda: open(base + "/outside").close()))
attempt("tcp in a new thread", lambda: aside(lambda: connect(socket.SOCK_STREAM)))
found["dumpable"] = libc.prctl(3, 0, 0, 0, 0)
attempt("its data", lambda: write(folder + "/new"))
attempt("its program", lambda: open(stages.__file__).close())
attempt("a shared library", lambda: ctypes.CDLL("libm.so.6"))
attempt("a local socket", lambda: pipe(base + "/socket"))
attempt("a thread", lambda: aside(int))
"""

OUTCOMES = {
    **dict.fromkeys(
        [
            "read a file of the person's", "list a folder of the person's", "write a file of the person's", "make a file", "change the program",
            "make a link", "read another process", "look at other processes", "open a terminal", "open shared memory", "read in a new thread",
        ],
        errno.EACCES,
    ),
    **dict.fromkeys(
        [
            "tcp", "udp", "netlink", "abstract", "exec", "fork", "program", "spawn", "trace", "signal", "namespace", "bpf", "be dumped",
            "tcp in a new thread", "let others read a file", "let others read it by a handle", "change whose it is", "change its attributes",
            "change its times",
        ],
        errno.EPERM,
    ),
    "io_uring": errno.ENOSYS,
    **dict.fromkeys(["dumpable", "its data", "its program", "a shared library", "a local socket", "a thread"], 0),
}  # fmt: skip

IMPORT_ALL = """
import importlib, pkgutil
import native_host
def walk(package):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if module.name.endswith("__main__"):
            continue
        found[module.name] = None
        try:
            imported = importlib.import_module(module.name)
        except BaseException as error:
            found[module.name] = type(error).__name__
        else:
            if module.ispkg:
                walk(imported)
walk(native_host)
for name in ("tpm2_pytss", "pkcs11", "fido2.hid", "secretstorage", "pyrage", "shamir_mnemonic", "tkinter", "sqlite3", "ssl", "zoneinfo"):
    try:
        importlib.import_module(name)
    except BaseException as error:
        found[name] = type(error).__name__
"""

# A kernel, or a container, that knows neither: the calls that would confine are refused before the host is there.
FORBID = """
import ctypes, errno, os, sys
from native_host.confinement import seccomp
row = seccomp.architecture_of(os.uname().machine)
instructions = [(seccomp.LOAD, 0, 0, 0)]
if "landlock" in sys.argv[1]:
    for number in (444, 445, 446):
        instructions += [(seccomp.EQUAL, 0, 1, number), (seccomp.RETURN, 0, 0, seccomp.ERRNO | errno.ENOSYS)]
if "seccomp" in sys.argv[1]:
    instructions += [(seccomp.EQUAL, 0, 1, row.seccomp), (seccomp.RETURN, 0, 0, seccomp.ERRNO | errno.EPERM)]
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
assert seccomp.install([*instructions, (seccomp.RETURN, 0, 0, seccomp.ALLOW)], row)
os.execv(sys.executable, [sys.executable, "-I", *sys.argv[2:]])
"""

UNCONFINED = """
from native_host import stages
from native_host.__main__ import main
def refuse(reach):
    raise RuntimeError
stages.confine = refuse
main()
"""
DESCRIBE = ["-c", "import json; from native_host.confinement import describe; print(json.dumps(describe()))"]


def need_both() -> None:
    if not landlock.abi():
        impossible("This kernel has no Landlock, or this container forbids it.")
    if seccomp.architecture_of(os.uname().machine) is None:
        impossible("There is no filter for this processor.")


def status(pid: int, name: str) -> set[str]:
    """A line of every thread's status."""
    found = set()
    for thread in os.listdir(f"/proc/{pid}/task"):
        text = Path(f"/proc/{pid}/task/{thread}/status").read_text(encoding="utf-8")
        found |= {line.split()[1] for line in text.splitlines() if line.startswith(f"{name}:")}
    return found


def children(pid: int) -> list[int]:
    return [
        int(child)
        for thread in os.listdir(f"/proc/{pid}/task")
        for child in Path(f"/proc/{pid}/task/{thread}/children").read_text(encoding="ascii").split()
    ]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def from_inside(home: Home, body: str, base: Path, port: int = 9) -> dict[str, Any]:
    """What ``body`` finds in the real host, once its store is open."""
    command = [sys.executable, "-I", "-c", f"BODY = {body!r}\n{INSIDE}", str(home.folder), str(base), str(port)]
    host = home.open(command=command)
    host.request("randomBytes", {"length": 1})
    found: dict[str, Any] = json.loads((home.folder / "found").read_text(encoding="utf-8"))
    return found


def use(port: Port) -> None:
    """What takes every part: libraries, the clock, threads, the log."""
    for alg, more in (("RS256", {"modulusLength": 2048}), ("Ed25519", {}), ("ES256K", {}), ("ML-DSA-65", {}), ("BLS12381G2-SHA256", {})):
        try:
            key = port.request("generateKey", {"alg": alg, **more})
        except HostError as error:
            assert "unsupported" == error.reason  # noqa: PT017 - an algorithm of an extra
            continue
        assert port.request("sign", {"keyId": key["keyId"], "data": b64(b"data")})["signature"]


# what is out of reach


@pytest.fixture
def found(home: Home, tmp_path: Path) -> dict[str, Any]:
    need_both()
    (tmp_path / "outside").write_text("of the person's")
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX) as local,
    ):
        abstract.bind(f"\0{tmp_path}")
        local.bind(str(tmp_path / "socket"))
        for end in (abstract, local):
            end.listen()
        return from_inside(home, ATTEMPTS, tmp_path, server.getsockname()[1])


def test_what_a_host_that_was_taken_over_reaches(found: dict[str, Any], tmp_path: Path) -> None:
    """Files, terminals, processes, the network, other programs: refused, in the thread that is there and in new ones."""
    expected = dict(OUTCOMES)
    if landlock.abi() < landlock.SCOPES_SINCE:
        for name in ("abstract", "signal"):
            del expected[name], found[name]
    assert expected == found
    assert "of the person's" == (tmp_path / "outside").read_text()


def test_every_module_can_still_be_imported(home: Home, tmp_path: Path) -> None:
    """What is imported late is as importable as in a process that gave up nothing."""
    need_both()
    code = f"import json\nfound = {{}}\n{IMPORT_ALL}\nprint(json.dumps(found))"
    plain = subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True)
    assert json.loads(plain.stdout.splitlines()[-1]) == from_inside(home, IMPORT_ALL, tmp_path)


SLOT = """
from contextlib import nullcontext
from importlib import import_module
from native_host.config import find_paths, read_config
from native_host.kek.provider import Choice, Settings
from native_host.secret import SecretBytes
class Nobody:
    def waits(self):
        return nullcontext()
provider = import_module(f"native_host.kek.{KIND}").Slots(Settings(tpm=read_config(find_paths(os.environ)).tpm))
(device,) = provider.devices()
new = provider.enrol(device, Choice(), Nobody())
with new.kek as kek, SecretBytes(b"root key") as root:
    wrapped = kek.wrap(root, aad=b"")
with provider.open(new.parameters, Nobody()) as kek, kek.unwrap(wrapped, aad=b"") as root:
    found["unwrapped"] = str(root.buffer, "ascii")
"""


def test_the_tpm_is_in_reach(home: Home, tmp_path: Path) -> None:
    """Over the socket that is configured; the real device has a rule of its own."""
    need_both()
    with swtpm() as tpm:
        config = home.folder / "config.toml"
        config.write_text(f"{config.read_text(encoding='utf-8')}\n[tpm]\ntcti = {json.dumps(tpm.tcti)}\n", encoding="utf-8")
        assert {"unwrapped": "root key"} == from_inside(home, f"KIND = 'tpm'\n{SLOT}", tmp_path)


def test_the_login_keyring_is_in_reach(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the bus of the session, at a path."""
    need_both()
    with desktop(monkeypatch) as session:
        home.environ |= {name: session.environment[name] for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")}
        assert {"unwrapped": "root key"} == from_inside(home, f"KIND = 'secret_service'\n{SLOT}", tmp_path)


def test_sorting_more_than_sqlite_keeps_in_memory(home: Home, tmp_path: Path) -> None:
    """SQLite puts aside what is large, and the folders for that are out of reach."""
    need_both()
    body = (
        "rows = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) SELECT i, hex(randomblob(64)) AS r FROM n'\n"
        "found['rows'] = len(STORE.connection.execute(f'SELECT * FROM ({rows}) ORDER BY r').fetchall())"
    )
    assert {"rows": 60000} == from_inside(home, body, tmp_path)


# when


def test_hello_costs_nothing_of_it(home: Home) -> None:
    """A host that was only greeted has one thread, no process beside it, and may still do everything."""
    port = home.greet()
    pid = port.process.pid
    assert ({"0"}, {"0"}) == (status(pid, "Seccomp"), status(pid, "NoNewPrivs"))
    assert (1, []) == (len(os.listdir(f"/proc/{pid}/task")), children(pid))


@pytest.mark.parametrize("first", ["unlock", "getStatus", "lock"])
def test_the_first_call_behind_hello_confines(home: Home, first: str) -> None:
    """Each that a locked store takes: every thread has the filter."""
    need_both()
    port = home.greet()
    port.request(first)
    assert ({"2"}, {"1"}) == (status(port.process.pid, "Seccomp"), status(port.process.pid, "NoNewPrivs"))


def test_it_is_done_before_the_passphrase_is_asked_for(home: Home) -> None:
    """The person has not typed anything yet."""
    need_both()
    gate = home.approver.hold(do="secret", secret=PASSPHRASE, kind="askSecret")
    port = home.greet()
    pending = port.begin("unlock", {})
    home.approver.wait_for(kind="askSecret")
    assert ({"2"}, {"1"}) == (status(port.process.pid, "Seccomp"), status(port.process.pid, "NoNewPrivs"))
    gate.release()
    assert {"state": "unlocked"} == pending.result()


def test_no_operation_without_it(home: Home) -> None:
    """Where confining itself fails, which it never should, there is nothing that could be called."""
    port = home.greet(command=[sys.executable, "-I", "-c", UNCONFINED])
    for method in ("unlock", "getStatus", "unlock"):
        with pytest.raises(HostError) as caught:
            port.request(method)
        assert "internal" == caught.value.reason
    assert [] == home.approver.asked


# that it works so


def test_a_whole_session(home: Home) -> None:
    """Opened, used, locked by hand, opened by a person, locked for idling, in one process; and its log is sound."""
    home.quit()
    config = home.folder / "config.toml"
    config.write_text(f"[session]\nidle_lock_seconds = 1\n{config.read_text(encoding='utf-8')}", encoding="utf-8")
    port = home.open()
    use(port)
    assert {"state": "locked"} == port.request("lock")
    assert {"state": "unlocked"} == port.request("unlock")
    port.request("generateKey", {"alg": "BIP39"})
    port.wait_event("locked")
    until(lambda: "locked" == port.request("getStatus")["state"], what="the idle lock")
    assert 0 == port.disconnect()
    from native_host.keystore import chain

    with home.store() as store:
        assert chain.verify(store.connection) is None
        unlock(store)


def test_what_failed_is_written_down(home: Home) -> None:
    """The log of incidents is in reach."""
    port = home.greet(command=[sys.executable, "-I", "-c", "BODY = 'raise MemoryError'\n" + INSIDE, "/nonexistent", "", "0"])
    port.request("unlock")
    with pytest.raises(HostError) as caught:
        port.request("randomBytes", {"length": 1})
    assert caught.value.data["incident"] in (home.folder / "host.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("forbidden", ["landlock", "seccomp", "landlock and seccomp"])
def test_where_the_system_cannot_or_may_not(home: Home, forbidden: str) -> None:
    """The host works as it did, and doctor is told which part is not in force."""
    command = [sys.executable, "-I", "-c", FORBID, forbidden]
    port = home.open(command=[*command, *HOST[2:]])
    use(port)
    described = subprocess.run([*command, *DESCRIBE], check=True, capture_output=True, text=True)
    verdicts = json.loads(described.stdout)
    warned = [text for verdict, text in verdicts if verdict == "warn"]
    assert [part in forbidden for part in ("landlock", "seccomp")] == [
        any(part in text.lower() for text in warned) for part in ("no landlock", "seccomp")
    ]
    assert "fail" not in [verdict for verdict, _ in verdicts]


# the programs beside it


def test_an_approver_that_crashes_is_started_again(home: Home) -> None:
    """By the starter, for a host that can start nothing itself; the call it crashed at is refused."""
    port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519"})
    home.approver.misbehave("exit", kind="review", times=1)
    with pytest.raises(HostError) as caught:
        port.request("sign", {"keyId": key["keyId"], "data": b64(b"data")})
    assert "user_rejected" == caught.value.reason
    assert port.request("sign", {"keyId": key["keyId"], "data": b64(b"data")})["signature"]


def test_a_killed_host_leaves_nobody_behind(home: Home) -> None:
    """Neither the starter nor the program that was asking."""
    home.approver.misbehave("hang", kind="review")
    port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519"})
    port.begin("sign", {"keyId": key["keyId"], "data": b64(b"data")})
    home.approver.wait_for(kind="review")
    (starter,) = children(port.process.pid)
    (approver,) = children(starter)
    port.process.send_signal(signal.SIGKILL)
    port.process.wait()
    until(lambda: not is_running(starter) and not is_running(approver), what="the end of the programs")


def test_a_starter_that_is_gone(home: Home) -> None:
    """Nobody can be asked any more; what needs nobody goes on, and the host can be closed."""
    port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519"})
    (starter,) = children(port.process.pid)
    os.kill(starter, signal.SIGKILL)
    until(lambda: not is_running(starter), what="the end of the starter")
    sign = {"keyId": key["keyId"], "data": b64(b"data")}
    with pytest.raises(HostError, match=r"backend_unavailable|user_rejected"):  # it may notice the end first
        port.request("sign", sign)
    with pytest.raises(HostError) as caught:
        port.request("sign", sign)
    assert (5010, {"reason": "backend_unavailable", "detail": "approver"}) == refusal(caught.value)
    assert key["keyId"] in [one["keyId"] for one in port.request("listKeys")["keys"]]
    assert 0 == port.disconnect()


def test_a_store_that_came_to_need_a_security_key(home: Home) -> None:
    """The host that was started before cannot see one that is plugged in now, and says what to do."""
    need_both()
    port = home.open()
    assert {"state": "locked"} == port.request("lock")
    with home.store() as store:
        (slot,) = store.slots()
        parameters = msgspec.msgpack.decode(slot.parameters, type=passphrase.Argon2Parameters)
        with (
            SecretBytes(PASSPHRASE.encode()) as typed,
            SymmetricKek(passphrase.derive_kek(typed, parameters)) as kek,
            store.root_of(slot, kek) as root,
            store.transaction(),
        ):
            store.unlock_with(root)
            store.add_slot(root, kek, kind="fido2", label="Security key", parameters=b"")
            store.remove_slot(slot.slot_id)
            store.append_audit(b"")
    with pytest.raises(HostError) as caught:
        port.request("unlock")
    assert (5010, {"reason": "backend_unavailable", "detail": "slots"}) == refusal(caught.value)
    assert "Restart the browser" in str(caught.value)
