"""No sequence of calls gives a key away: whatever is wrapped, unwrapped, decrypted, derived and agreed, by whichever algorithm.

What must not leave is read out of the store itself at the end, so that it is all of it: keys that were made, came in, were
unwrapped or derived, and every version that they had.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from native_host.keystore.store import KeyStore
from native_host.suites import rsa
from native_host.suites.hd import derivation
from native_host.suites.table import SUITES
from native_host.testing.port import HostError, Port
from tests.homes import Home, b64, unb64, unlock
from tests.host.calls import DUPLICATE, FAILED, NOT_ALLOWED, generate, import_jwk, invalid, refused, restore
from tests.host.test_no_secret_leaves import found
from tests.independent import key_wrap, known, private_jwk

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
DATA = b64(b"data")
CIPHERS = ("cipher", "publicCipher", "jwe")
WRAPPING = ["A128KW", "A256KW", "RSA-OAEP", "RSA-OAEP-256"]
TARGETS = ["ES256K", "BIP340", "Ed25519", "ES256", "ECDH-P256", "HPKE-0", "X25519", "A256GCM", "A256KW", "HS256", "ML-DSA-44", "ML-KEM-768"]
WRAPS = {"usages": ["wrapKey", "unwrapKey"]}
EXPECTED = {"decryption_failed", "usage_not_allowed", "invalid_params", "key_state", "duplicate", "unsupported", "user_rejected"}
"""How a call may be refused in a sequence; anything else would be a fault."""


def secrets_of(home: Home) -> dict[str, bytes]:
    """Every secret that the store holds or can derive, in each of its parts."""
    secrets: dict[str, bytes] = {}
    with home.store() as store:
        unlock(store)
        rows = [row[0] for row in store.connection.execute("SELECT record_id FROM records")]
        for number, record_id in enumerate(rows):
            for part, secret in _parts(store, record_id):
                secrets[f"{number} {part}"] = secret
    return {name: secret for name, secret in secrets.items() if len(secret) >= 16}


def _parts(store: KeyStore, record_id: bytes) -> Iterator[tuple[str, bytes]]:
    record = store.read(record_id)
    assert record is not None
    metadata = record.metadata
    if metadata.alg not in SUITES or metadata.state == "destroyed":
        return
    if metadata.parent is not None and metadata.alg != "BIP39":
        parent = store.read(metadata.parent)
        assert parent is not None
        if parent.metadata.state == "destroyed":
            return
        with store.unseal_secret(parent) as seed:
            whole = bytes(seed.buffer)
            entropy, seed_bytes = (whole[1 : 1 + whole[0]], whole[1 + whole[0] :]) if parent.metadata.alg == "BIP39" else (None, whole)
            yield (
                metadata.alg,
                bytes(derivation.derive(metadata.alg, metadata.scheme or "", seed_bytes, metadata.path or "", entropy=entropy)),
            )
        return
    with store.unseal_secret(record) as unsealed:
        secret = bytes(unsealed.buffer)
    if metadata.alg == "BIP39":
        yield "entropy", secret[1 : 1 + secret[0]]
        yield "seed", secret[1 + secret[0] :]
    elif SUITES[metadata.alg].kty == "RSA":
        for name, value in rsa.members_of_secret(secret).items():
            if name not in {"n", "e"}:
                yield f"{metadata.alg} {name}", value
    else:
        yield metadata.alg, secret


def leaks(home: Home, port: Port) -> list[tuple[str, str]]:
    """Which secret of the store stands in what the host said."""
    frames = b"\n".join(frame.body for frame in port.seen if frame.direction == "from host")
    return found(secrets_of(home), {"the host's frames": frames})


def ask(port: Port, method: str, **params: Any) -> dict[str, Any] | None:
    """The result of a call, or nothing if it is refused as a call may be."""
    try:
        result: dict[str, Any] = port.request(method, params)
    except HostError as error:
        if error.reason not in EXPECTED:
            raise
        return None
    return result


# --- everything with everything


def pool(home: Home, port: Port) -> list[dict[str, Any]]:
    """One key of every kind, and by every way in which keys come."""
    seed = restore(home, port, WORDS)
    raw = import_jwk(port, {"kty": "oct", "k": b64(bytes(range(100, 132)))}, "SEED")
    derived = {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K"}
    return [
        *(generate(port, alg, **(WRAPS if alg.startswith("RSA") else {})) for alg in WRAPPING),
        *(import_jwk(port, private_jwk(alg), alg, **(WRAPS if alg.startswith("RSA") else {})) for alg in ("A192KW", "RSA-OAEP")),
        *(generate(port, alg) for alg in (*TARGETS, "PS256", "A128CBC", "A128CTR", "A128ECB", "XC20P", "RSA-OAEP", "HPKE-4")),
        *(generate(port, alg, usages=["encrypt", "decrypt"]) for alg in ("X25519", "ECDH-P521")),
        *(import_jwk(port, private_jwk(alg), alg) for alg in ("ES384", "C20P", "X448", "ML-KEM-1024")),
        port.request("deriveKey", derived),
        port.request("deriveKey", {"keyId": raw["keyId"], "path": "m/1'", "alg": "X25519"}),
        port.request("deriveKey", {"keyId": seed, "path": "m/SLIP-0021/x", "alg": "A256GCM"}),
        {"keyId": seed, "alg": "BIP39"},
        raw,
    ]


def algorithms_of(alg: str) -> list[str]:
    """Under what names a call may use a key of ``alg``."""
    return [alg, *SUITES[alg].variants]


def test_everything_with_everything(home: Home, port: Port) -> None:
    """Every key is wrapped by every key; wrapped keys of each way are given to every key to decrypt, unwrap, open and agree with."""
    keys = pool(home, port)
    wrapped: list[str] = []
    for wrapping in keys:
        for target in keys:
            for alg in algorithms_of(wrapping["alg"]) if wrapping["alg"] in WRAPPING else [wrapping["alg"]]:
                made = ask(port, "wrapKey", keyId=wrapping["keyId"], targetKeyId=target["keyId"], alg=alg)
                if made:
                    assert set(made) == {"wrappedKey"}
                    assert wrapping["alg"] in WRAPPING
                    assert "derivedFrom" not in target
                    assert target["alg"] not in {"BIP39", "SEED"}
                    wrapped.append(made["wrappedKey"])
    assert len(wrapped) > 50
    for blob in wrapped[:: len(wrapped) // 8]:
        for key in keys:
            _try_everything(port, key, blob)
    assert [] == leaks(home, port)


def _try_everything(port: Port, key: dict[str, Any], blob: str) -> None:
    raw = unb64(blob)
    pieces = {"ciphertext": b64(raw[12:-16]), "iv": b64(raw[:12]), "tag": b64(raw[-16:])}
    for alg in algorithms_of(key["alg"]):
        if SUITES[alg].kind in CIPHERS:
            ask(port, "decrypt", keyId=key["keyId"], alg=alg, ciphertext=blob)
            if SUITES[alg].kind == "cipher":
                ask(port, "decrypt", keyId=key["keyId"], alg=alg, **pieces)
                ask(port, "decrypt", keyId=key["keyId"], alg=alg, ciphertext=b64(raw[16:]), iv=b64(raw[:16]))
        elif SUITES[alg].kind in {"wrap", "kem"}:
            ask(port, "decrypt", keyId=key["keyId"], alg=alg, ciphertext=blob)
    ask(port, "decapsulate", keyId=key["keyId"], ciphertext=blob)
    ask(port, "deriveSecret", keyId=key["keyId"], publicKeyJwk={"kty": "OKP", "crv": "X25519", "x": b64(raw[:32])})
    if key["alg"] in {*WRAPPING, "A192KW"}:
        for target in ("A256GCM", "HS256", "SEED", "A256KW"):
            unwrapped = ask(port, "unwrapKey", keyId=key["keyId"], wrappedKey=blob, alg=key["alg"], targetAlg=target)
            if unwrapped:
                port.request("destroyKey", {"keyId": unwrapped["keyId"]})


def test_the_store_gives_its_secrets_here(home: Home, port: Port) -> None:
    """The search above knows them: a key's secret, planted in what the host said, is found."""
    key = import_jwk(port, private_jwk("HS384"), "HS384")
    secret = unb64(private_jwk("HS384")["k"])
    secrets = secrets_of(home)
    assert secret in secrets.values()
    assert found(secrets, {"a frame": b'{"plaintext":"' + b64(b"x" + secret).encode() + b'"}'})
    port.request("destroyKey", {"keyId": key["keyId"]})


# --- any sequence


class Sequences(RuleBasedStateMachine):
    """Any calls in any order over keys, wrapped keys and ciphertexts that came of earlier ones."""

    home: Home
    port: Port
    done: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        wrapping = [generate(self.port, alg, **(WRAPS if alg.startswith("RSA") else {})) for alg in ("A256KW", "RSA-OAEP-256")]
        self.keys: list[dict[str, Any]] = [*wrapping, *(generate(self.port, alg) for alg in ("ES256", "A256GCM", "X25519"))]
        self.blobs: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
        """Each with the key that it was wrapped by and the key that it is, as that was."""

    def key(self, data: st.DataObject) -> dict[str, Any]:
        return data.draw(st.sampled_from(self.keys))

    @rule(alg=st.sampled_from(TARGETS), wide=st.booleans())
    def make(self, alg: str, *, wide: bool) -> None:
        sets = SUITES[alg].usage_sets()
        self.keys.append(generate(self.port, alg, usages=list(sets[-1] if wide else sets[0][:1])))

    @rule(data=st.data())
    def wrap(self, data: st.DataObject) -> None:
        wrapping, target = data.draw(st.sampled_from(self.keys[:2])), self.key(data)
        made = ask(self.port, "wrapKey", keyId=wrapping["keyId"], targetKeyId=target["keyId"], alg=wrapping["alg"])
        if made:
            self.done["wrapped"] += 1
            self.blobs.append((made["wrappedKey"], wrapping, target))

    @precondition(lambda self: self.blobs)
    @rule(data=st.data(), alg=st.sampled_from(TARGETS), fitting=st.booleans(), usages=st.booleans())
    def unwrap(self, data: st.DataObject, alg: str, *, fitting: bool, usages: bool) -> None:
        blob, by, target = data.draw(st.sampled_from(self.blobs))
        wrapping, target_alg = (by, target["alg"]) if fitting else (self.key(data), alg)
        if fitting:
            # While the first is there, the second is a duplicate.
            ask(self.port, "destroyKey", keyId=target["keyId"])
        more = {"usages": list(SUITES[target["alg"]].usages)} if usages else {}
        params = {"wrappedKey": blob, "alg": wrapping["alg"], "targetAlg": target_alg, **more}
        made = ask(self.port, "unwrapKey", keyId=wrapping["keyId"], **params)
        if made:
            assert (target["alg"], "unwrapped") == (made["alg"], made["provenance"])
            assert set(made["usages"]) <= set(target["usages"])
            self.done["unwrapped"] += 1
            self.keys.append(made)

    @precondition(lambda self: self.blobs)
    @rule(data=st.data())
    def decrypt(self, data: st.DataObject) -> None:
        key = self.key(data)
        alg = data.draw(st.sampled_from(algorithms_of(key["alg"])))
        ask(self.port, "decrypt", keyId=key["keyId"], alg=alg, ciphertext=data.draw(st.sampled_from(self.blobs))[0])

    @rule(data=st.data())
    def encrypt_and_decrypt(self, data: st.DataObject) -> None:
        key = self.key(data)
        alg = data.draw(st.sampled_from(algorithms_of(key["alg"])))
        sealed = ask(self.port, "encrypt", keyId=key["keyId"], alg=alg, plaintext=DATA)
        if sealed:
            sealed.pop("version")
            opened = ask(self.port, "decrypt", keyId=key["keyId"], alg=alg, **sealed)
            assert opened in ({"plaintext": DATA}, None)
            self.done["decrypted"] += opened is not None

    @rule(data=st.data())
    def agree(self, data: st.DataObject) -> None:
        own, other = self.key(data), self.key(data)
        if "publicKeyJwk" in other:
            ask(self.port, "deriveSecret", keyId=own["keyId"], publicKeyJwk=other["publicKeyJwk"])

    @rule(data=st.data(), what=st.sampled_from(["sign", "signJws", "rotateKey"]))
    def use(self, data: st.DataObject, what: str) -> None:
        params = {"sign": {"data": DATA}, "signJws": {"payload": DATA}}.get(what, {})
        ask(self.port, what, keyId=self.key(data)["keyId"], **params)

    @rule(data=st.data())
    def narrow(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(self.keys[2:]))
        changed = ask(self.port, "updateKey", keyId=key["keyId"], usages=key["usages"][:1])
        if changed:
            self.keys[self.keys.index(key)] = changed

    @rule(data=st.data())
    def destroy(self, data: st.DataObject) -> None:
        ask(self.port, "destroyKey", keyId=data.draw(st.sampled_from(self.keys[2:]))["keyId"])


def test_any_sequence(home: Home) -> None:
    """Nothing of any key is in anything that the host said, and what comes back from wrapping is never more than it was."""
    Sequences.home, Sequences.port = home, home.open()
    quiet = settings(max_examples=40, stateful_step_count=30, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Sequences, settings=quiet)
    assert [] == leaks(home, Sequences.port)
    assert {"wrapped", "unwrapped", "decrypted"} == {what for what, times in Sequences.done.items() if times}


# --- chains that one would try


def forged(kek: dict[str, Any], jwk: dict[str, Any], alg: str = "RSA-OAEP-256", **header: Any) -> str:
    """A wrapped key that somebody made who has only the public part of the wrapping key."""
    protected = {"alg": alg, "enc": "A256GCM", "cty": "jwk+json", **header}
    token = JWE(json.dumps(jwk).encode(), protected=json.dumps(protected), algs=[alg, "A256GCM"], recipient=JWK(**kek))
    return b64(token.serialize(compact=True).encode())


@pytest.fixture
def fresh(home: Home) -> Iterator[Port]:
    """Another port over the same store."""
    port = home.open()
    yield port
    assert [] == leaks(home, port)


def test_a_known_wrapping_key_wraps_nothing(fresh: Port) -> None:
    """Neither one that came in, nor one that was unwrapped, though somebody forged it; only after a rotation nobody knows it."""
    target = generate(fresh, "ES256K")["keyId"]
    imported = import_jwk(fresh, known("A128KW"), "A128KW")["keyId"]
    pair = generate(fresh, "RSA-OAEP-256", **WRAPS)
    blob = forged(pair["publicKeyJwk"], known("A256KW"))
    unwrapped = fresh.request("unwrapKey", {"keyId": pair["keyId"], "wrappedKey": blob, "alg": "RSA-OAEP-256", "targetAlg": "A256KW"})
    assert "unwrapped" == unwrapped["provenance"]
    for key, alg in ((imported, "A128KW"), (unwrapped["keyId"], "A256KW")):
        assert NOT_ALLOWED == refused(fresh, "wrapKey", keyId=key, targetKeyId=target, alg=alg)
    fresh.request("rotateKey", {"keyId": imported})
    wrapped = unb64(fresh.request("wrapKey", {"keyId": imported, "targetKeyId": target, "alg": "A128KW"})["wrappedKey"])
    with pytest.raises(ValueError, match=r"."):
        key_wrap(unb64(known("A128KW")["k"]), 1 if len(wrapped) % 8 else 8).unseal(wrapped)


def test_a_foreign_public_key_is_compared(home: Home, fresh: Port) -> None:
    """A wrapping key whose private part others hold takes a key only once the person has compared its fingerprint."""
    target = generate(fresh, "ES256K")["keyId"]
    jwk = private_jwk("RSA-OAEP-256", 7)
    key = import_jwk(fresh, jwk, "RSA-OAEP-256", **WRAPS)["keyId"]
    wrap = {"keyId": key, "targetKeyId": target, "alg": "RSA-OAEP-256"}
    home.approver.deny(kind="compareCode", times=1)
    assert (4001, {"reason": "user_rejected"}) == refused(fresh, "wrapKey", **wrap)
    shown = home.approver.asked[-1]
    assert "compareCode" == shown["kind"]
    assert unb64(JWK(**jwk).thumbprint()).hex() == shown["code"].replace(" ", "")
    assert fresh.request("wrapKey", wrap)["wrappedKey"]


def test_wrapping_and_then_decrypting(fresh: Port) -> None:
    """A wrapping key decrypts nothing, and a decrypting one wraps nothing: usages do not meet on one key, by no way."""
    assert invalid("usages") == refused(fresh, "generateKey", alg="RSA-OAEP", modulusLength=2048, usages=["wrapKey", "decrypt"])
    wrapping, target = generate(fresh, "RSA-OAEP", **WRAPS), generate(fresh, "ES256")["keyId"]
    key = wrapping["keyId"]
    blob = fresh.request("wrapKey", {"keyId": key, "targetKeyId": target, "alg": "RSA-OAEP"})["wrappedKey"]
    encrypted_key = unb64(blob).split(b".")[1].decode()
    for ciphertext in (blob, encrypted_key):
        assert NOT_ALLOWED == refused(fresh, "decrypt", keyId=key, alg="RSA-OAEP", ciphertext=ciphertext)
    assert NOT_ALLOWED == refused(fresh, "updateKey", keyId=key, usages=["decrypt"])
    # Wrapped itself, it comes back as what it was and nothing else.
    kek = generate(fresh, "A256KW")["keyId"]
    itself = fresh.request("wrapKey", {"keyId": kek, "targetKeyId": key, "alg": "A256KW"})["wrappedKey"]
    unwrap = {"keyId": kek, "wrappedKey": itself, "alg": "A256KW", "targetAlg": "RSA-OAEP"}
    assert DUPLICATE == refused(fresh, "unwrapKey", **unwrap)
    fresh.request("destroyKey", {"keyId": key})
    assert NOT_ALLOWED == refused(fresh, "unwrapKey", **unwrap, usages=["encrypt", "decrypt"])
    assert FAILED == refused(fresh, "unwrapKey", **{**unwrap, "targetAlg": "RSA-OAEP-256"})
    assert ["unwrapKey"] == fresh.request("unwrapKey", {**unwrap, "usages": ["unwrapKey"]})["usages"]


def test_agreeing_and_then_decrypting(fresh: Port) -> None:
    """Whoever may have a key's shared secrets could read every JWE to it: no key has both, and the same key is not had twice."""
    for alg in ("X25519", "ECDH-P256"):
        agreeing, reading = generate(fresh, alg), generate(fresh, alg, usages=["encrypt", "decrypt"])
        sealed = fresh.request("encrypt", {"publicKeyJwk": reading["publicKeyJwk"], "alg": "ECDH-ES", "plaintext": DATA})["ciphertext"]
        epk = json.loads(unb64(unb64(sealed).decode().split(".")[0]))["epk"]
        assert NOT_ALLOWED == refused(fresh, "deriveSecret", keyId=reading["keyId"], publicKeyJwk=epk)
        assert NOT_ALLOWED == refused(fresh, "decrypt", keyId=agreeing["keyId"], alg="ECDH-ES", ciphertext=sealed)
        assert NOT_ALLOWED == refused(fresh, "updateKey", keyId=reading["keyId"], usages=["deriveSecret"])
        # A JWE is no wrapped key to anything that wraps.
        assert invalid("alg") == refused(
            fresh, "wrapKey", keyId=generate(fresh, "A128KW")["keyId"], targetKeyId=reading["keyId"], alg="ECDH-ES"
        )
        kek = generate(fresh, "A256KW")["keyId"]
        blob = fresh.request("wrapKey", {"keyId": kek, "targetKeyId": reading["keyId"], "alg": "A256KW"})["wrappedKey"]
        fresh.request("destroyKey", {"keyId": reading["keyId"]})
        unwrap = {"keyId": kek, "wrappedKey": blob, "alg": "A256KW", "targetAlg": alg}
        assert NOT_ALLOWED == refused(fresh, "unwrapKey", **unwrap, usages=["deriveSecret"])
        for other in ("HPKE-3", "HPKE-4") if alg == "X25519" else ("ES256", "HPKE-0", "HPKE-7"):
            assert FAILED == refused(fresh, "unwrapKey", **{**unwrap, "targetAlg": other})
        assert ["encrypt", "decrypt"] == fresh.request("unwrapKey", unwrap)["usages"]


CONFUSED = {
    "A256GCM": ["A256KW", "HS256", "A256CBC", "A256ECB", "C20P", "XC20P"],
    "A128KW": ["A128GCM", "A128ECB", "A128CTR"],
    "HS256": ["A256GCM", "HS512"],
    "ES256K": ["ES256K-R", "BIP340"],
    "ES256": ["ECDH-P256", "HPKE-0", "HPKE-7", "ES384"],
    "PS256": ["RS256", "RSA-OAEP", "RSA-OAEP-256", "PS512"],
    "ML-KEM-768": ["ML-KEM-1024", "HPKE-9", "ML-DSA-65"],
    "Ed25519": ["X25519", "sr25519", "Ed448"],
}


@pytest.mark.parametrize("alg", CONFUSED)
def test_a_key_does_not_become_another_algorithms(fresh: Port, alg: str) -> None:
    """It was wrapped with its algorithm: unwrapped as another it does not decrypt, be the bytes as good as they may."""
    kek, target = generate(fresh, "A256KW")["keyId"], generate(fresh, alg)["keyId"]
    blob = fresh.request("wrapKey", {"keyId": kek, "targetKeyId": target, "alg": "A256KW"})["wrappedKey"]
    fresh.request("destroyKey", {"keyId": target})
    unwrap = {"keyId": kek, "wrappedKey": blob, "alg": "A256KW"}
    for other in CONFUSED[alg]:
        assert FAILED == refused(fresh, "unwrapKey", **unwrap, targetAlg=other)
    for never in ("SEED", "BIP39", "ECDH-ES", "Ed25519-BIP32"):
        assert invalid("targetAlg") == refused(fresh, "unwrapKey", **unwrap, targetAlg=never)
    assert alg == fresh.request("unwrapKey", {**unwrap, "targetAlg": alg})["alg"]


def test_usages_are_wrapped_too(fresh: Port) -> None:
    """A narrowed key comes back narrowed, and can be taken in with less, not with more."""
    kek, target = generate(fresh, "A256KW")["keyId"], generate(fresh, "ES256", usages=["verify", "jws"])
    blob = fresh.request("wrapKey", {"keyId": kek, "targetKeyId": target["keyId"], "alg": "A256KW"})["wrappedKey"]
    fresh.request("destroyKey", {"keyId": target["keyId"]})
    unwrap = {"keyId": kek, "wrappedKey": blob, "alg": "A256KW", "targetAlg": "ES256"}
    assert NOT_ALLOWED == refused(fresh, "unwrapKey", **unwrap, usages=["sign"])
    assert NOT_ALLOWED == refused(fresh, "unwrapKey", **unwrap, usages=["verify", "jws", "sign"])
    assert invalid("usages") == refused(fresh, "unwrapKey", **unwrap, usages=["wrapKey"])
    assert ["jws"] == fresh.request("unwrapKey", {**unwrap, "usages": ["jws"]})["usages"]


def test_seeds_and_what_comes_from_them_are_never_wrapped(home: Home, fresh: Port) -> None:
    """By no wrapping key, and none comes in so."""
    seed = restore(home, fresh, "zoo " * 11 + "wrong")
    raw = import_jwk(fresh, {"kty": "oct", "k": b64(bytes(range(40, 72)))}, "SEED")["keyId"]
    account = fresh.request("deriveKey", {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K"})["keyId"]
    symmetric = fresh.request("deriveKey", {"keyId": seed, "path": "m/SLIP-0021/y", "alg": "HS256"})["keyId"]
    child = fresh.request("deriveKey", {"keyId": seed, "path": "m/83696968'/39'/0'/12'/0'", "alg": "BIP39"})["keyId"]
    for alg in WRAPPING:
        wrapping = generate(fresh, alg, **(WRAPS if alg.startswith("RSA") else {}))["keyId"]
        for target in (seed, raw, account, symmetric, child):
            assert NOT_ALLOWED == refused(fresh, "wrapKey", keyId=wrapping, targetKeyId=target, alg=alg)
        assert invalid("targetKeyId") == refused(fresh, "wrapKey", keyId=wrapping, targetKeyId=wrapping, alg=alg)


def test_a_key_that_is_to_end_is_never_wrapped(fresh: Port) -> None:
    """Destroyed and taken in again, it would have no end any more."""
    kek = generate(fresh, "A256KW")["keyId"]
    for end in ({"maxUses": 1}, {"expiresAt": "2099-01-01T00:00:00Z"}):
        target = generate(fresh, "Ed25519", **end)["keyId"]
        assert NOT_ALLOWED == refused(fresh, "wrapKey", keyId=kek, targetKeyId=target, alg="A256KW")
