"""Known secrets are put into a whole session, and everything that leaves the host is searched for them."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from embit import bip32, bip39
from jwcrypto import jwe, jwk

from native_host.errors import KmsError
from native_host.protocol.methods import METHODS
from native_host.testing.approver import PASSPHRASE
from native_host.testing.port import HostError, Port
from tests.homes import Home, b64

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"  # BIP39, trezor vectors, 2nd of 12 words
EXTRA = "an extra passphrase of the words"
WRONG = "a passphrase typed by mistake"
IMPORTED = bytes(range(1, 33))
PATHS = ("m/44'/60'/0'/0/0", "m/84'/0'/0'/0/0")


def spellings(secret: bytes) -> Iterator[bytes]:
    """The ways in which a secret can be written: raw, hex, UTF-16, and base64 at each of its three alignments."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    if secret.isascii():
        yield secret.decode().encode("utf-16-le")
        yield secret.decode().encode("utf-16-be")
    for shift in range(3):
        # Characters that also hold bits of the neighbours are left out.
        inner = base64.b64encode(bytes(shift) + secret)[-(-shift * 8 // 6) + (1 if shift else 0) : (shift + len(secret)) * 8 // 6]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def found(secrets: dict[str, bytes], places: dict[str, bytes]) -> list[tuple[str, str]]:
    """Which secret stands where."""
    return [
        (name, place)
        for name, secret in secrets.items()
        for place, data in places.items()
        if any(text in data for text in spellings(secret))
    ]


@pytest.fixture(scope="module")
def secrets() -> dict[str, bytes]:
    """Everything that must not leave."""
    seed = bip39.mnemonic_to_seed(WORDS, EXTRA)
    root = bip32.HDKey.from_seed(seed)
    accounts = {f"the secret of {path}": root.derive(path).key.secret for path in PATHS}
    entropy = bip39.mnemonic_to_bytes(WORDS)
    words = {"words": WORDS.encode(), "extra": EXTRA.encode(), "passphrase": PASSPHRASE.encode(), "wrong": WRONG.encode()}
    return {**words, "entropy": entropy, "seed": seed, "imported": IMPORTED, **accounts}


def import_key(port: Port) -> str:
    """Import a known Ed25519 key as an extension of another wallet would send it."""
    offer = port.request("getImportKey")
    key = jwk.JWK(kty="OKP", crv="Ed25519", d=b64(IMPORTED), x=b64(public_of(IMPORTED)))
    token = jwe.JWE(key.export_private().encode(), json.dumps({"alg": offer["alg"], "enc": offer["enc"]}))
    token.add_recipient(jwk.JWK(**offer["publicKeyJwk"]))
    params = {"importKeyId": offer["importKeyId"], "jwe": token.serialize(compact=True), "alg": "Ed25519"}
    return str(port.request("importKey", params)["keyId"])


def public_of(secret: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def play(home: Home) -> tuple[Port, dict[str, bytes]]:
    """A whole session with every secret in it; what its processes were started with."""
    home.approver.type_secret("mnemonic", WORDS)
    home.approver.type_secret("bip39Passphrase", EXTRA)
    port = home.open()
    seed = port.request("restoreSeed", {"label": "mine"})["keyId"]
    for path, form in zip(PATHS, ("eip191", "bip322"), strict=True):
        account = port.request("deriveKey", {"keyId": seed, "path": path, "alg": "ES256K"})["keyId"]
        port.request("signMessage", {"keyId": account, "format": form, "message": b64(b"hello")})
    imported = import_key(port)
    port.request("sign", {"keyId": imported, "data": b64(b"hello")})
    for method, params in (
        ("sign", {"keyId": seed, "data": b64(b"x")}),
        ("restoreSeed", {}),
        ("importKey", {"importKeyId": "x", "jwe": "x", "alg": "ES256"}),
    ):
        with pytest.raises(HostError):
            port.request(method, params)
    port.request("listKeys")
    started = visible(family(port.process.pid))
    port.request("lock")
    home.approver.type_secret("unlock", WRONG, times=1)
    port.request("unlock")
    assert [WRONG, PASSPHRASE] == [line["answer"]["secret"] for line in home.approver.lines if "secret" in line.get("answer", {})][-2:]
    port.request("sign", {"keyId": imported, "data": b64(b"hello again")})
    return port, started


def visible(pids: list[int]) -> dict[str, bytes]:
    """What other programs see of processes; a host that was asked for a passphrase shows its environment to root alone."""
    places = {}
    for pid in pids:
        places[f"/proc/{pid} cmdline"] = Path(f"/proc/{pid}/cmdline").read_bytes()
        with contextlib.suppress(PermissionError):
            places[f"/proc/{pid} environ"] = Path(f"/proc/{pid}/environ").read_bytes()
    return places


def family(pid: int) -> list[int]:
    """A process and those that it started, on whichever of its threads."""
    children = [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text(encoding="ascii").split()
    ]
    return [pid, *children]


def test_no_secret_is_anywhere_but_with_the_approver(home: Home, secrets: dict[str, bytes]) -> None:
    """Not in a frame, on standard error, in a file, in the audit as it is shown, in an argument or in an environment."""
    port, places = play(home)
    assert 2 == sum(place.endswith("cmdline") for place in places), "the host and its approver"
    shown = subprocess.run(
        [sys.executable, "-m", "native_host.cli", "audit", "show", "--json", "--secret-from-stdin"],
        input=PASSPHRASE.encode() + b"\n",
        capture_output=True,
        check=True,
        env={**os.environ, **home.environ},
    )
    assert b"signMessage" in shown.stdout
    places |= {"audit": shown.stdout, "errors of audit": shown.stderr}
    places |= {f"frame {number}": frame.body for number, frame in enumerate(port.seen) if frame.direction == "from host"}
    files = [file for file in home.folder.rglob("*") if file.is_file()]
    assert {"keystore.db", "keystore.db-wal"} <= {file.name for file in files}
    places |= {str(file): file.read_bytes() for file in files}
    places["standard error"] = port.stderr
    assert [] == found(secrets, places)


def test_the_search_finds_what_is_there(secrets: dict[str, bytes]) -> None:
    """Each secret, planted in each spelling and at any place, is found: the test above can fail."""
    for name, secret in secrets.items():
        for before in (b"", b"x", b"xy", b"xyz"):
            planted = (
                before + secret + b"!",
                (before + secret).hex().encode(),
                base64.b64encode(before + secret + b"tail"),
                base64.urlsafe_b64encode(before + secret + b"tail").rstrip(b"="),
            )
            wide = [before + secret.decode().encode(coding) for coding in ("utf-16-le", "utf-16-be")] if secret.isascii() else []
            for text in (*planted, (before + secret).hex().upper().encode(), *wide):
                assert [(name, "here")] == found({name: secret}, {"here": text})


MEMBERS = {
    "protocol", "host", "name", "version", "origin", "state", "paired", "unattended", "methods", "algorithms", "backends", "limits",
    "requestBytes", "responseBytes", "batch", "waiting",  # hello
    "idleLockSeconds", "slots", "kind", "label", "keyCount",  # getStatus
    "keyId", "alg", "usages", "publicKeyJwk", "multikey", "address", "backend", "protection", "derivedFrom", "path", "provenance",
    "createdAt", "labels", "usesLeft", "keyStorage",  # KeyInfo
    "kty", "crv", "x", "y", "n", "e", "pub", "kid", "use", "ext", "key_ops",  # a public JWK: `d`, `k`, `p`, `priv` … are not among its members
    "did", "xpub", "format",  # public keys as text
    "raw", "keys", "nextCursor", "importKeyId", "enc", "expiresAt",  # public keys, pages, an import key's public half
    "signedTransaction", "transactionId", "psbt", "signedInputs",  # what was decoded, reviewed and signed
    "signature", "valid", "bytes", "jws", "coseKey",  # uses; `bytes` is what randomBytes was asked for, `coseKey` is a public key
    "ciphertext", "iv", "tag", "plaintext",  # `plaintext` is what decrypt was asked for: a wrapped key never becomes one
    "wrappedKey",  # a key, but encrypted
    "message", "pairingId",  # handshakes of a pairing and a channel: public keys and ciphertexts
    "remainsInToken",  # whether a destroyed key is still in its token
    "secret",  # the shared secret of an agreement or an encapsulation, which is the caller's: never a key of the host
}  # fmt: skip


def members_of(kind: Any, *, dictionaries: bool = False) -> Iterator[str]:
    """The names of all members of a type, however deep; what holds whatever the caller gives is a failure unless ``dictionaries``."""
    match kind:
        case msgspec.inspect.StructType(fields=fields):
            for field in fields:
                yield field.encode_name
                yield from members_of(field.type, dictionaries=dictionaries)
        case msgspec.inspect.UnionType(types=types):
            for one in types:
                yield from members_of(one, dictionaries=dictionaries)
        case msgspec.inspect.ListType(item_type=item):
            yield from members_of(item, dictionaries=dictionaries)
        case msgspec.inspect.DictType(max_length=bound):
            if not dictionaries or bound is None:
                pytest.fail("a dictionary could hold anything")
        case _:
            return


def test_no_reply_has_a_member_for_a_secret() -> None:
    """Every member of every result is on the list above; a new one has to be put there by somebody who thought about it."""
    results = {name for row in METHODS.values() for name in members_of(msgspec.inspect.type_info(row.result))}
    assert MEMBERS == results


def test_no_call_takes_a_secret() -> None:
    """A secret goes in by no member either, but for the key that comes encrypted to the host (``jwe``). The members that
    hold what the caller likes are the header of a JWS, which is bounded and goes out as it came in, and typed data, which goes out hashed.
    """
    kinds = {name: msgspec.inspect.type_info(row.params) for name, row in METHODS.items()}
    members = {name for kind in kinds.values() for name in members_of(kind, dictionaries=True)}
    assert "jwe" in members
    assert set() == members & {
        "d",
        "k",
        "p",
        "q",
        "dp",
        "dq",
        "qi",
        "oth",
        "priv",
        "mnemonic",
        "passphrase",
        "password",
        "pin",
        "seed",
        "secret",
        "privateKey",
        "privateKeyJwk",
        "entropy",
    }
    assert all(list(members_of(kind)) for name, kind in kinds.items() if name not in {"signJws", "signTypedData"} and kind.fields)  # type: ignore[attr-defined]


def test_no_error_has_a_member_for_a_secret() -> None:
    """The data of an error has a reason, and of values only those that name a place, a part, an incident or a time. What else an error
    is made with stays in the host: only a ``data`` of its own could show it.
    """
    kinds, seen = [KmsError], set()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if "data" in vars(kind):
            seen |= {name for name in kind.__init__.__annotations__ if name not in {"message", "return"}}
    assert {"path", "detail", "incident", "retry_after_seconds"} == seen
