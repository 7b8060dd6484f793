"""Keys that live in a PKCS#11 token, through a whole host: what the extension sees, what the person is asked, what the token keeps."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from coincurve import PublicKey
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from eth_account import Account
from eth_account.messages import encode_defunct

from native_host.audit import entries
from native_host.backends import TOKEN_ALGS, offered
from native_host.backends.pkcs11 import Tokens
from native_host.cli.tokens import findings
from native_host.config import find_paths
from native_host.operations import token_login
from native_host.secret import SecretBytes
from native_host.testing.approver import PASSPHRASE
from native_host.testing.port import HostError, Port
from native_host.tokens.client import TokenInfo
from native_host.tokens.errors import PinLocked, PinWrong
from tests.homes import Home, b64, origin_of, refusal, unb64, unlock, until
from tests.host.calls import NOT_ALLOWED, STATE, generate, invalid, refused, unsupported
from tests.parts.softhsm import PIN, SoftHsm, softhsm

__all__ = ["softhsm"]

GONE = (5010, {"reason": "backend_unavailable", "detail": "token"})
REJECTED = (4001, {"reason": "user_rejected"})
WRONG = (5009, {"reason": "cannot_unseal"})
DATA = b64(b"what is signed")


@pytest.fixture
def home(tmp_path: Path, softhsm: SoftHsm) -> Iterator[Home]:
    """A keystore, and a list of modules with SoftHSM on it in the host's own folder."""
    listed = tmp_path / "home" / "strongroom" / "modules.toml"
    home = Home(tmp_path / "home", config=f'[pkcs11]\nmodules = "{listed}"\n')
    shutil.copy(str(softhsm.settings.pkcs11.modules), listed)
    home.attach()
    home.set_up()
    home.approver.type_secret("pin", PIN)
    yield home
    home.quit()


@pytest.fixture
def port(home: Home) -> Port:
    return home.open()


def in_token(hsm: SoftHsm) -> list[Any]:
    """The keys that another process, which knows the PIN, finds in the token."""
    tokens = Tokens(hsm.settings.pkcs11)
    with SecretBytes(PIN.encode()) as pin:
        tokens.log_in(tokens.choose(hsm.label), pin)
    return tokens.keys(tokens.choose(hsm.label))


def pins(home: Home) -> list[str | None]:
    """The hint of each time that a PIN was asked for."""
    return [ask.get("hint") for ask in home.approver.asked if ask["kind"] == "askSecret" and ask["purpose"] == "pin"]


def compressed(key: dict[str, Any]) -> bytes:
    jwk = key["publicKeyJwk"]
    return bytes((2 + (unb64(jwk["y"])[-1] & 1),)) + unb64(jwk["x"])


def make(port: Port, alg: str, **members: Any) -> dict[str, Any]:
    return generate(port, alg, backend="pkcs11", **members)


def test_a_key_is_made_in_the_token(home: Home, port: Port, softhsm: SoftHsm) -> None:
    """It is in the token, does not leave it, and is listed as what it is; its PIN was asked for once, and nothing else."""
    key = make(port, "ES256K", label="hardware")
    assert ("pkcs11", "token", "generated", "hardware") == (key["backend"], key["protection"], key["provenance"], key["label"])
    assert ["sign", "verify", "message", "typedData", "transaction", "jws"] == key["usages"]
    assert [key] == port.request("listKeys")["keys"]
    make(port, "Ed25519")
    assert ["PIN of the token wallet"] == [ask["title"] for ask in home.approver.asked if ask.get("purpose") == "pin"]
    assert [] == [ask for ask in home.approver.asked if ask["kind"] == "review"]
    assert [True, True] == [one.stays for one in in_token(softhsm)]


def test_signatures(port: Port) -> None:
    """Other libraries verify what came through the host: raw, recoverable, as a message and as a JWS."""
    key = make(port, "ES256K")
    public = PublicKey(compressed(key))
    der = port.request("sign", {"keyId": key["keyId"], "data": DATA, "encoding": "der"})["signature"]
    assert public.verify(unb64(der), b"what is signed")
    digest = os.urandom(32)
    recoverable = unb64(port.request("sign", {"keyId": key["keyId"], "digest": b64(digest), "alg": "ES256K-R"})["signature"])
    assert public == PublicKey.from_signature_and_message(recoverable, digest, hasher=None)
    signed = port.request("signMessage", {"keyId": key["keyId"], "format": "eip191", "message": DATA})
    assert signed["address"] == Account.recover_message(encode_defunct(b"what is signed"), signature=unb64(signed["signature"]))
    transaction = {"nonce": "0x0", "gas": "0x5208", "gasPrice": "0x1", "to": signed["address"], "value": "0x1"}
    sent = port.request("signTransaction", {"keyId": key["keyId"], "chain": "eip155:1", "transaction": transaction})
    assert signed["address"] == Account.recover_transaction(unb64(sent["signedTransaction"]))
    jws = port.request("signJws", {"keyId": key["keyId"], "payload": DATA})["jws"]
    head, payload, signature = jws.split(".")
    assert {"valid": True} == port.request(
        "verify", {"keyId": key["keyId"], "alg": "ES256K", "data": b64(f"{head}.{payload}".encode()), "signature": signature}
    )


def test_other_messages(port: Port) -> None:
    """Solana's two formats and Cosmos's, each as the suites' own verification knows it."""
    key = make(port, "Ed25519")
    public = Ed25519PublicKey.from_public_bytes(unb64(key["publicKeyJwk"]["x"]))
    signed = port.request("signMessage", {"keyId": key["keyId"], "format": "solana", "message": DATA})
    public.verify(unb64(signed["signature"]), b"what is signed")
    signed = port.request("signMessage", {"keyId": key["keyId"], "format": "solana-offchain", "message": DATA})
    head = b"\xffsolana offchain" + bytes(1 + 32 + 1) + b"\x01" + unb64(key["publicKeyJwk"]["x"]) + (14).to_bytes(2, "little")
    public.verify(unb64(signed["signature"]), head + b"what is signed")
    key = make(port, "ES256K")
    signed = port.request("signMessage", {"keyId": key["keyId"], "format": "adr36", "message": DATA})
    from native_host.suites.adr36 import sign_document

    document = sign_document(b"what is signed", signed["address"])
    assert {"valid": True} == port.request(
        "verify", {"keyId": key["keyId"], "alg": "ES256K", "data": b64(document), "signature": signed["signature"]}
    )


def test_rsa_and_nist(port: Port) -> None:
    """cryptography verifies both."""
    key = make(port, "PS256")
    jwk = key["publicKeyJwk"]
    public = RSAPublicNumbers(int.from_bytes(unb64(jwk["e"]), "big"), int.from_bytes(unb64(jwk["n"]), "big")).public_key()
    signature = unb64(port.request("sign", {"keyId": key["keyId"], "data": DATA})["signature"])
    public.verify(signature, b"what is signed", padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    key = make(port, "ES384")
    signature = unb64(port.request("sign", {"keyId": key["keyId"], "data": DATA, "encoding": "der"})["signature"])
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), compressed(key))
    point.verify(signature, b"what is signed", ec.ECDSA(hashes.SHA384()))


def test_decrypting(port: Port) -> None:
    """What was encrypted to its public part, by anybody, and with a key that has none."""
    key = make(port, "RSA-OAEP")
    sealed = port.request("encrypt", {"alg": "RSA-OAEP", "publicKeyJwk": key["publicKeyJwk"], "plaintext": DATA})["ciphertext"]
    assert DATA == port.request("decrypt", {"keyId": key["keyId"], "alg": "RSA-OAEP", "ciphertext": sealed})["plaintext"]
    key = make(port, "A256GCM")
    sealed = port.request("encrypt", {"alg": "A256GCM", "keyId": key["keyId"], "plaintext": DATA, "aad": b64(b"aad")})
    call = {"keyId": key["keyId"], "alg": "A256GCM", "aad": b64(b"aad"), **{name: sealed[name] for name in ("ciphertext", "iv", "tag")}}
    assert DATA == port.request("decrypt", call)["plaintext"]
    assert (5012, {"reason": "decryption_failed"}) == refused(port, "decrypt", **{**call, "aad": b64(b"other")})


def test_key_agreement(port: Port) -> None:
    """With a key of the host, both sides come to one secret."""
    there, here = make(port, "ECDH-P256"), generate(port, "ECDH-P256")
    one = port.request("deriveSecret", {"keyId": there["keyId"], "publicKeyJwk": here["publicKeyJwk"]})
    assert one == port.request("deriveSecret", {"keyId": here["keyId"], "publicKeyJwk": there["publicKeyJwk"]})


def test_wrapping_under_it(port: Port) -> None:
    """A local key leaves under the token's key and comes back; whatever its length is."""
    kek = make(port, "A256KW")
    for alg in ("ES256K", "Ed25519", "HS256", "ES384"):
        key = generate(port, alg, label="goes and comes")
        wrapped = port.request("wrapKey", {"keyId": kek["keyId"], "alg": "A256KW", "targetKeyId": key["keyId"]})["wrappedKey"]
        port.request("destroyKey", {"keyId": key["keyId"]})
        back = port.request("unwrapKey", {"keyId": kek["keyId"], "alg": "A256KW", "wrappedKey": wrapped, "targetAlg": alg})
        assert ("local", key.get("publicKeyJwk")) == (back["backend"], back.get("publicKeyJwk"))


def test_rotating(port: Port, softhsm: SoftHsm) -> None:
    """A new key in the same token; the older one is still there and still decrypts and verifies. Destroyed, both are gone."""
    key = make(port, "A128GCM")
    sealed = port.request("encrypt", {"alg": "A128GCM", "keyId": key["keyId"], "plaintext": DATA})
    rotated = port.request("rotateKey", {"keyId": key["keyId"]})
    assert (2, "pkcs11") == (rotated["version"], rotated["backend"])
    call = {"keyId": key["keyId"], "alg": "A128GCM", **{name: sealed[name] for name in ("ciphertext", "iv", "tag")}}
    assert DATA == port.request("decrypt", call)["plaintext"]
    assert 2 == len(in_token(softhsm))
    assert {} == port.request("destroyKey", {"keyId": key["keyId"]})
    assert [] == in_token(softhsm)
    assert STATE == refused(port, "decrypt", **call)


def test_the_record_of_decisions(home: Home, port: Port) -> None:
    """Has each use of a token's key, with who allowed it, as of any other."""
    key = make(port, "Ed25519")
    port.request("sign", {"keyId": key["keyId"], "data": DATA})
    home.approver.deny(kind="review", method="sign", times=1)
    assert REJECTED == refused(port, "sign", keyId=key["keyId"], data=DATA)
    port.request("destroyKey", {"keyId": key["keyId"]})
    with home.store() as store:
        unlock(store)
        told = [(one.entry.method, one.entry.outcome, one.entry.approved_by) for one in entries(store) if one.entry is not None]
    assert [
        ("generateKey", "done", "rule"),
        ("sign", "done", "person"),
        ("sign", "user_rejected", "nobody"),
        ("destroyKey", "done", "person"),
    ] == [one for one in told if one[0] != "unlock"]


def test_a_lock_logs_out(home: Home, port: Port) -> None:
    """After it the PIN is asked for again, before the first use and after its approval."""
    key = make(port, "Ed25519")
    port.request("lock")
    assert (5001, {"reason": "locked"}) == refused(port, "sign", keyId=key["keyId"], data=DATA)
    port.request("unlock")
    port.request("sign", {"keyId": key["keyId"], "data": DATA})
    kinds = [ask.get("purpose", ask["kind"]) for ask in home.approver.asked]
    assert ["unlock", "pin", "unlock", "review", "pin"] == kinds


def test_a_grant_does_not_type_a_pin(home: Home, port: Port) -> None:
    """Uses that are granted need nobody while the token is logged in to."""
    key = make(port, "ES256")
    home.approver.grant(method="sign", times=1)
    for _ in range(3):
        port.request("sign", {"keyId": key["keyId"], "data": DATA})
    assert 1 == len([ask for ask in home.approver.asked if ask["kind"] == "review"])
    assert [None] == pins(home)


def test_a_wrong_pin(home: Home, port: Port, softhsm: SoftHsm) -> None:
    """Is asked for again, and it is said how often; three times wrong refuses the call, and nothing is made."""
    home.approver.type_secret("pin", "9999", times=1)
    make(port, "Ed25519")
    first, second = pins(home)
    assert first is None
    assert "Tries left here: 2" in str(second)
    port.request("lock")
    port.request("unlock")
    home.approver.type_secret("pin", "8888")
    assert WRONG == refused(port, "generateKey", alg="Ed25519", backend="pkcs11")
    assert 5 == len(pins(home))
    home.approver.type_secret("pin", PIN)
    make(port, "Ed25519")
    assert 2 == len(in_token(softhsm))


def test_a_pin_that_is_not_typed(home: Home, port: Port, softhsm: SoftHsm) -> None:
    """Refuses the call, and the next one asks anew; other keys are used meanwhile."""
    home.approver.deny(purpose="pin", times=1)
    assert REJECTED == refused(port, "generateKey", alg="Ed25519", backend="pkcs11")
    assert [] == in_token(softhsm)
    gate = home.approver.hold(do="secret", purpose="pin", secret=PIN)
    pending = port.begin("generateKey", {"alg": "Ed25519", "backend": "pkcs11"})
    until(lambda: len(pins(home)) == 2, what="the question")
    assert 1 == len([generate(port, "Ed25519")])
    gate.release()
    assert "pkcs11" == pending.result()["backend"]


def test_a_token_that_is_taken_out(port: Port, softhsm: SoftHsm) -> None:
    """Its keys are refused and listed all the same, the host stays up, and once it is back it signs again."""
    key, local = make(port, "Ed25519"), generate(port, "Ed25519")
    softhsm.take_away()
    assert GONE == refused(port, "sign", keyId=key["keyId"], data=DATA)
    assert GONE == refused(port, "sign", keyId=key["keyId"], data=DATA)
    assert GONE == refused(port, "generateKey", alg="Ed25519", backend="pkcs11")
    assert [key, local] == port.request("listKeys")["keys"]
    port.request("sign", {"keyId": local["keyId"], "data": DATA})
    softhsm.bring_back()
    signature = port.request("sign", {"keyId": key["keyId"], "data": DATA})["signature"]
    Ed25519PublicKey.from_public_bytes(unb64(key["publicKeyJwk"]["x"])).verify(unb64(signature), b"what is signed")


def test_a_key_whose_token_is_lost(port: Port, softhsm: SoftHsm) -> None:
    """Can be destroyed here, and it is said that the token still has it."""
    key = make(port, "Ed25519")
    softhsm.take_away()
    assert {"remainsInToken": True} == port.request("destroyKey", {"keyId": key["keyId"]})
    assert [] == port.request("listKeys")["keys"]
    softhsm.bring_back()
    assert 1 == len(in_token(softhsm))


def workers_of(port: Port) -> list[int]:
    """The processes below this host that hold a module."""
    parents: dict[int, int] = {}
    workers = set()
    for entry in filter(str.isdecimal, os.listdir("/proc")):
        with suppress(OSError):  # one that has just ended
            parents[int(entry)] = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
            if b"native_host.tokens.worker" in Path(f"/proc/{entry}/cmdline").read_bytes():
                workers.add(int(entry))
    below = {port.process.pid}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return sorted(workers & below)


def test_a_worker_that_crashes(home: Home, port: Port) -> None:
    """The call that finds out is refused; the next one starts another worker and asks for the PIN."""
    key = make(port, "Ed25519")
    (worker,) = workers_of(port)
    os.kill(worker, signal.SIGKILL)
    until(lambda: not workers_of(port), what="the end of the worker")
    assert GONE == refused(port, "sign", keyId=key["keyId"], data=DATA)
    port.request("sign", {"keyId": key["keyId"], "data": DATA})
    assert [None, None] == pins(home)
    (another,) = workers_of(port)
    port.request("lock")
    until(lambda: another not in workers_of(port), what="the end of the worker")


REFUSED: dict[str, tuple[str, dict[str, Any], tuple[int, dict[str, Any]]]] = {
    "BIP340": ("generateKey", {"alg": "BIP340", "backend": "pkcs11"}, unsupported("BIP340")),
    "X25519": ("generateKey", {"alg": "X25519", "backend": "pkcs11"}, unsupported("X25519")),
    "a seed": ("generateKey", {"alg": "BIP39", "backend": "pkcs11"}, unsupported("BIP39")),
    "a MAC": ("generateKey", {"alg": "HS256", "backend": "pkcs11"}, unsupported("HS256")),
    "another backend": ("generateKey", {"alg": "ES256", "backend": "kmip"}, unsupported("kmip")),
    "a usage": ("generateKey", {"alg": "ES256K", "backend": "pkcs11", "usages": ["sign", "cosign"]}, unsupported("cosign")),
    "wrapping by RSA": ("generateKey", {"alg": "RSA-OAEP", "backend": "pkcs11", "usages": ["unwrapKey"]}, unsupported("unwrapKey")),
    "JWE": ("generateKey", {"alg": "ECDH-P256", "backend": "pkcs11", "usages": ["decrypt"]}, unsupported("decrypt")),
    "a token for a local key": ("generateKey", {"alg": "ES256", "token": "wallet"}, invalid("token")),
    "a token that is not here": ("generateKey", {"alg": "ES256", "backend": "pkcs11", "token": "other"}, GONE),
    "OAEP by SHA-256": ("generateKey", {"alg": "RSA-OAEP-256", "backend": "pkcs11", "modulusLength": 2048}, GONE),
    "another algorithm": ("sign", {"data": DATA, "alg": "BIP340"}, unsupported("BIP340")),
    "a format": ("signMessage", {"message": DATA, "format": "bip137"}, unsupported("bip137")),
    "another usage": ("decrypt", {"alg": "A256GCM", "ciphertext": DATA}, NOT_ALLOWED),
}


def test_what_is_refused(home: Home, port: Port, softhsm: SoftHsm) -> None:
    """By name and before the person is asked for an approval; nothing is left behind in the token."""
    key = make(port, "ES256K")["keyId"]
    for name, (method, params, answer) in REFUSED.items():
        given = params if method == "generateKey" else {"keyId": key, **params}
        assert answer == refused(port, method, **given), name
    kek, gcm = generate(port, "A256KW")["keyId"], make(port, "A256GCM")["keyId"]
    for target in (key, gcm):
        assert NOT_ALLOWED == refused(port, "wrapKey", keyId=kek, alg="A256KW", targetKeyId=target)
    assert [] == [ask for ask in home.approver.asked if ask["kind"] == "review"]
    assert 2 == len(in_token(softhsm))


def test_two_tokens(port: Port, softhsm: SoftHsm) -> None:
    """The one that a key is to be in has to be named, by label or by serial number."""
    softhsm.add_token("second")
    assert invalid("token") == refused(port, "generateKey", alg="Ed25519", backend="pkcs11")
    make(port, "Ed25519", token="second")
    make(port, "Ed25519", token=bytes.fromhex(softhsm.serial).decode())
    assert 1 == len(in_token(softhsm))


def test_without_a_list_of_modules(home: Home, tmp_path: Path) -> None:
    """There is no such backend."""
    (home.folder / "modules.toml").unlink()
    port = home.open()
    assert unsupported("pkcs11") == refused(port, "generateKey", alg="ES256", backend="pkcs11")


def test_a_key_of_another_wallet(home: Home, port: Port) -> None:
    """Is unknown, and no PIN is asked for its sake."""
    key = make(port, "A256GCM")["keyId"]
    home.attach("ponmlkjihgfedcbaponmlkjihgfedcba", wallet="other")
    with home.store() as store:
        unlock(store)
        with store.transaction():
            (attachment,) = [one for one in store.attachments() if one.origin == origin_of("ponmlkjihgfedcbaponmlkjihgfedcba")]
            store.confirm(attachment)
            store.append_audit(b"")
    other = home.open("ponmlkjihgfedcbaponmlkjihgfedcba")
    for method, params in (("sign", {"data": DATA}), ("encrypt", {"alg": "A256GCM", "plaintext": DATA}), ("rotateKey", {})):
        with pytest.raises(HostError) as caught:
            other.request(method, {"keyId": key, **params})
        assert (5002, {"reason": "unknown_key"}) == refusal(caught.value)
    assert [None] == pins(home)


def program(home: Home, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """The person's program, which gets its secrets as lines."""
    command = [sys.executable, "-I", "-c", "from native_host.cli.tokens import tokens; tokens()", *arguments]
    environment = {**os.environ, **home.environ, "HOME": str(home.person)}
    return subprocess.run(command, env=environment, input=typed, capture_output=True, text=True, check=False, timeout=60)


def put_key(hsm: SoftHsm, label: str, *, extractable: bool = False) -> str:
    """A P-256 key that another program makes in the token; its id in hex."""
    script = (
        "import sys; import pkcs11; from pkcs11 import Attribute, KeyType, MechanismFlag;"
        "session = pkcs11.lib(sys.argv[1]).get_token(token_label=sys.argv[2]).open(rw=True, user_pin=sys.argv[3]);"
        "session.generate_keypair(KeyType.EC, id=bytes.fromhex(sys.argv[4]), label=sys.argv[5], store=True, capabilities=MechanismFlag.SIGN,"
        "public_template={Attribute.EC_PARAMS: bytes.fromhex('06082a8648ce3d030107')},"
        "private_template={Attribute.EXTRACTABLE: sys.argv[6] == 'True', Attribute.SENSITIVE: True})"
    )
    key_id = os.urandom(4).hex()
    command = [sys.executable, "-I", "-c", script, hsm.module.path, hsm.label, PIN, key_id, label, str(extractable)]
    subprocess.run(command, env=dict(hsm.module.environment), check=True, timeout=60)
    return key_id


def test_the_list_of_tokens(home: Home, softhsm: SoftHsm) -> None:
    """Says which algorithms keys can have there, and asks for nothing."""
    (token,) = json.loads(program(home, "list", "--json").stdout)
    assert ("wallet", bytes.fromhex(softhsm.serial).decode()) == (token["label"], token["serial"])
    assert sorted(TOKEN_ALGS) == sorted(token["algorithms"])
    text = program(home, "list").stdout
    assert "wallet" in text
    assert "It asks for its PIN." in text


def test_a_key_that_is_there_already(home: Home, softhsm: SoftHsm) -> None:
    """The person may take it into a wallet, once; it signs, says where it comes from, and outlives the wallet's key in the token."""
    key_id = put_key(softhsm, "mine")
    (row,) = json.loads(program(home, "keys", "wallet", "--json", "--secret-from-stdin", typed=f"{PIN}\n").stdout)
    assert {"id": key_id, "label": "mine", "kind": "EC", "stays": True, "algorithms": ["ES256"]} == row
    secrets = f"{PASSPHRASE}\n{PIN}\n"
    done = program(home, "adopt", "wallet", "mine", "--label", "card", "--secret-from-stdin", typed=secrets)
    assert (0, "") == (done.returncode, done.stderr.replace("Unlock your keystore", "").strip())
    again = program(home, "adopt", "wallet", key_id, "--secret-from-stdin", typed=secrets)
    assert "Duplicate" in again.stderr
    port = home.open()
    (key,) = port.request("listKeys")["keys"]
    assert ("card", "imported", "pkcs11", "token") == (key["label"], key["provenance"], key["backend"], key["protection"])
    signature = port.request("sign", {"keyId": key["keyId"], "data": DATA})["signature"]
    assert {"valid": True} == port.request("verify", {"keyId": key["keyId"], "alg": "ES256", "data": DATA, "signature": signature})
    assert {"remainsInToken": True} == port.request("destroyKey", {"keyId": key["keyId"]})
    assert [key_id] == [one.id.hex() for one in in_token(softhsm)]
    with home.store() as store:
        unlock(store)
        assert "adoptKey" in [one.entry.method for one in entries(store) if one.entry is not None]


def test_a_key_that_could_leave(home: Home, softhsm: SoftHsm) -> None:
    """Is not taken in: its token does not protect it. Nor is one that is not there, or that is no key of the algorithm."""
    secrets = f"{PASSPHRASE}\n{PIN}\n"
    put_key(softhsm, "loose", extractable=True)
    put_key(softhsm, "tight")
    for key, alg, word in (("loose", "ES256", "CKA_EXTRACTABLE"), ("none", "ES256", "UnknownKey"), ("tight", "ES384", "ES256")):
        done = program(home, "adopt", "wallet", key, "--alg", alg, "--secret-from-stdin", typed=secrets)
        assert word in done.stderr + done.stdout, key
        assert 0 != done.returncode
    assert [] == home.open().request("listKeys")["keys"]


def test_what_doctor_says(home: Home, softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each module whether it works, and of a list that others could have changed that it is refused."""
    monkeypatch.setenv("STRONGROOM_HOME", str(home.folder))
    works, able = findings()
    assert ("ok", "libsofthsm2.so works. Tokens here: wallet.") == works
    assert "ok" == able[0]
    assert {"ES256", "ES256K", "Ed25519", "RS256", "ECDH-P256", "A256GCM"} <= set(able[1].partition("can be: ")[2].rstrip(".").split(", "))
    softhsm.take_away()
    assert [("ok", "libsofthsm2.so works. Tokens here: none.")] == findings()
    listed = home.folder / "modules.toml"
    listed.chmod(0o666)
    ((verdict, text),) = findings()
    assert ("fail", True) == (verdict, "chown root" in text)
    listed.unlink()
    assert [] == findings()


def test_hello_names_the_backend(home: Home) -> None:
    """Where a list of modules is, and not where none is."""
    paths = find_paths(home.environ)
    assert ["local", "pkcs11"] == offered(paths)
    (home.folder / "modules.toml").unlink()
    assert ["local"] == offered(paths)
    paths_of_nobody = find_paths({"STRONGROOM_HOME": str(home.base / "nobody")})
    assert "local" == offered(paths_of_nobody)[0]


class ScriptedToken:
    """A token that counts wrong PINs and says so by its flags, as SoftHSM does not; in the tokens' place."""

    def __init__(self, right: str, tries: int) -> None:
        self._right, self._left = right, tries

    def now(self) -> TokenInfo:
        return TokenInfo(
            serial="31", label="card", model="", manufacturer="", login_required=True, pin_pad=False, pin_set=True, count_low=False,
            final_try=self._left == 1, locked=self._left == 0, mechanisms=[],
        )  # fmt: skip

    def is_open(self, _token: TokenInfo) -> bool:
        return False

    def choose(self, _serial: str) -> TokenInfo:
        return self.now()

    def log_in(self, _token: TokenInfo, pin: SecretBytes | None) -> None:
        if pin is not None and pin.buffer == self._right.encode():
            return
        self._left -= 1
        raise PinWrong(tries_left=self._left if self._left <= 1 else None)


def asked_by(token: ScriptedToken, *typed: str) -> list[str | None]:
    """The hints of a login at which a person types these; raises what ends it."""
    hints: list[str | None] = []
    answers = iter(typed)

    def ask_secret(_purpose: str, _title: str, hint: str | None = None) -> SecretBytes:
        hints.append(hint)
        return SecretBytes(next(answers).encode())

    house: Any = SimpleNamespace(
        aside=nullcontext,
        approver=SimpleNamespace(ask_secret=ask_secret),
        store=SimpleNamespace(is_unlocked=True),
        settings=SimpleNamespace(pkcs11=None),
        elsewhere=SimpleNamespace(tokens=lambda _config: token),
    )
    session: Any = SimpleNamespace()
    token_login.log_in(house, session, token.now())
    return hints


def test_the_last_try_is_announced() -> None:
    """Before it is typed, at the first time of asking too; after a PIN that locked the token nothing is asked any more."""
    assert [token_login.LAST] == asked_by(ScriptedToken("1", 1), "1")
    first, second = asked_by(ScriptedToken("1", 2), "2", "1")
    assert (None, token_login.LAST) == (first, second)
    with pytest.raises(PinWrong) as caught:
        asked_by(ScriptedToken("1", 1), "2", "1")
    assert 0 == caught.value.tries_left
    with pytest.raises(PinLocked):
        asked_by(ScriptedToken("1", 0))
    with pytest.raises(PinWrong):
        asked_by(ScriptedToken("1", 9), "2", "3", "4", "1")


def test_the_pin_is_nowhere(home: Home, port: Port) -> None:
    """Not in a file of the keystore, and not on the port."""
    home.approver.type_secret("pin", "73519462")
    assert WRONG == refused(port, "generateKey", alg="Ed25519", backend="pkcs11")
    assert b"73519462" not in b"".join(frame.body for frame in port.seen)
    assert not [path for path in home.folder.rglob("*") if path.is_file() and b"73519462" in path.read_bytes()]


def test_what_a_key_resists_is_the_administrators_word(home: Home) -> None:
    """In OpenID4VCI's words, for keys made while the list says so; nothing is claimed without it."""
    port = home.open()
    assert "keyStorage" not in make(port, "ES256")
    home.quit()
    listed = home.folder / "modules.toml"
    listed.write_text(
        listed.read_text(encoding="utf-8").replace("[[module]]", '[[module]]\nkey_storage = "iso_18045_moderate"'), encoding="utf-8"
    )
    port = home.open()
    key = make(port, "ES256")
    assert "iso_18045_moderate" == key["keyStorage"]
    port.request("sign", {"keyId": key["keyId"], "data": DATA})
    (review,) = [ask for ask in home.approver.asked if ask["kind"] == "review" and ask["method"] == "sign"]
    assert ["In a token: it is not in this keystore, and does not leave the token"] == [
        fact["value"] for fact in review["facts"] if fact["label"] == "Where the key is"
    ]
