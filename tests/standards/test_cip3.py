"""CIP-3 (Icarus) and BIP32-Ed25519: Cardano's keys from recovery words, and signatures by them."""

from __future__ import annotations

from typing import Any

import pytest
from bip_utils import CardanoIcarusBip32
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from native_host import sodium
from native_host.encodings.jwk import Jwk
from native_host.secret import wipe
from native_host.suites import ed25519, ed25519_bip32
from native_host.suites.fault import SigningFault
from native_host.suites.hd import bip39, cip3
from native_host.suites.hd.path import HARDENED, parse_path
from tests.vector_files import load

CIP3 = load("cip3")
TREE = CIP3["tree"]
ENTROPY = bytes.fromhex(TREE["entropy"])
SECRET = cip3.master(ENTROPY, "")
PUBLIC = cip3.public_key(SECRET)
GOOD = ed25519_bip32.sign_extended(SECRET, b"message")
ORDER = 2**252 + 27742317777372353535851937790883648493

entropies = st.sampled_from(bip39.ENTROPY_BYTES).flatmap(lambda length: st.binary(min_size=length, max_size=length))
paths = st.lists(st.integers(0, 2 * HARDENED - 1), max_size=4).map(tuple)
public_paths = st.lists(st.integers(0, HARDENED - 1), min_size=1, max_size=3).map(tuple)


@pytest.mark.parametrize("vector", CIP3["masters"], ids=lambda vector: vector["passphrase"] or "no passphrase")
def test_published_master(vector: dict[str, str]) -> None:
    """The words and the passphrase give the published master key."""
    entropy = bip39.entropy_of_mnemonic(vector["mnemonic"])
    assert bytes.fromhex(vector["master"]) == cip3.master(entropy, vector["passphrase"])


@pytest.mark.parametrize("chain", TREE["chains"], ids=lambda chain: chain["path"])
def test_published_tree(chain: dict[str, str]) -> None:
    """Entropy and a path give the published key, chain code and public key."""
    secret = cip3.derive(ENTROPY, "", parse_path(chain["path"]))

    assert bytes.fromhex(chain["private"] + chain["chain_code"]) == secret
    assert bytes.fromhex(chain["public"]) == cip3.public_key(secret)


@given(entropies, paths)
def test_against_bip_utils(entropy: bytes, path: tuple[int, ...]) -> None:
    """An independent implementation derives the same key."""
    theirs = CardanoIcarusBip32.FromSeed(entropy)
    for index in path:
        theirs = theirs.ChildKey(index)
    secret = cip3.derive(entropy, "", path)

    assert theirs.PrivateKey().Raw().ToBytes() + theirs.ChainCode().ToBytes() == secret
    assert theirs.PublicKey().RawCompressed().ToBytes() == b"\x00" + cip3.public_key(secret)


@given(entropies, paths, public_paths)
def test_public_derivation(entropy: bytes, path: tuple[int, ...], below: tuple[int, ...]) -> None:
    """The children of a public key are the public keys of the children, with their chain codes."""
    parent, child = cip3.derive(entropy, "", path), cip3.derive(entropy, "", path + below)

    assert (cip3.public_key(child), bytes(child[64:])) == cip3.derive_public(cip3.public_key(parent), bytes(parent[64:]), below)


def test_deepest_path() -> None:
    """255 levels down a key is still a key: k_L has not grown out of its 255 bits."""
    cip3.check_secret(cip3.derive(ENTROPY, "", (HARDENED,) * 255))


@pytest.mark.parametrize("passphrase", ["é", "\u212b", "\ufb01", "㍍"])
def test_passphrase_normalised(passphrase: str) -> None:
    """The passphrase is taken in NFKD, as BIP39 takes it, so that one passphrase opens both trees."""
    from unicodedata import normalize

    assert cip3.master(ENTROPY, passphrase) == cip3.master(ENTROPY, normalize("NFKD", passphrase))
    assert cip3.master(ENTROPY, passphrase) != SECRET


@pytest.mark.parametrize("length", [0, 15, 17, 33, 64])
def test_entropy_length(length: int) -> None:
    """Recovery words have 16 to 32 bytes of entropy; a seed is none."""
    with pytest.raises(ValueError, match="entropy has"):
        cip3.derive(bytes(length), "", ())


@pytest.mark.parametrize("path", [(HARDENED,), (0, HARDENED)])
def test_public_hardened(path: tuple[int, ...]) -> None:
    """A public key has no hardened children."""
    with pytest.raises(ValueError, match="hardened"):
        cip3.derive_public(PUBLIC, bytes(32), path)


@pytest.mark.parametrize(
    ("public", "chain_code"),
    [
        (b"", bytes(32)),
        (PUBLIC + b"\x00", bytes(32)),
        ((1).to_bytes(32, "little"), bytes(32)),
        (bytes(32), bytes(32)),
        ((2).to_bytes(32, "little"), bytes(32)),
        (b"\xff" * 32, bytes(32)),
        (PUBLIC, bytes(31)),
        (PUBLIC, bytes(33)),
    ],
    ids=["nothing", "long", "identity", "order 4", "no point", "not canonical", "short chain code", "long chain code"],
)
def test_public_malformed(public: bytes, chain_code: bytes) -> None:
    """What is no point of the group with its chain code has no children."""
    with pytest.raises(ValueError, match="not a key"):
        cip3.derive_public(public, chain_code, (0,))


def _changed(position: int, value: int) -> bytes:
    secret = bytearray(SECRET)
    secret[position] = value
    return bytes(secret)


MALFORMED = {
    "nothing": b"",
    "no chain code": bytes(SECRET[:64]),
    "long": bytes(SECRET) + b"\x00",
    "zeros": bytes(96),
    "ones": b"\xff" * 96,
    "no multiple of 8": _changed(0, SECRET[0] | 4),
    "highest bit": _changed(31, SECRET[31] | 0x80),
    "second bit": _changed(31, SECRET[31] & 0x3F),
}


@pytest.mark.parametrize("secret", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_secret(secret: bytes) -> None:
    """What is no extended key signs nothing and has no public key."""
    with pytest.raises(ValueError, match="the secret is not"):
        ed25519_bip32.public_key(secret)
    with pytest.raises(ValueError, match="the secret is not"):
        ed25519_bip32.sign(secret, data=b"")


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.binary(max_size=300))
def test_signs_as_rfc8032(seed: bytes, chain_code: bytes, message: bytes) -> None:
    """With the k_L and k_R that RFC 8032 makes of a seed, the signature is RFC 8032's of that seed, as OpenSSL makes it."""
    from hashlib import sha512

    expanded = bytearray(sha512(seed).digest())
    expanded[0] &= 0b1111_1000
    expanded[31] = expanded[31] & 0b0111_1111 | 0b0100_0000
    theirs = Ed25519PrivateKey.from_private_bytes(seed)

    assert theirs.public_key().public_bytes_raw() == ed25519_bip32.public_key(bytes(expanded) + chain_code)
    assert theirs.sign(message) == ed25519_bip32.sign_extended(bytes(expanded) + chain_code, message)


@given(entropies, paths, st.binary(max_size=300))
def test_signatures(entropy: bytes, path: tuple[int, ...], message: bytes) -> None:
    """OpenSSL verifies the signatures of derived keys, and of no other message."""
    secret = cip3.derive(entropy, "", path)
    public = ed25519_bip32.public_key(secret)
    signature = ed25519_bip32.sign(secret, data=message, public=public)

    Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    assert ed25519_bip32.verify(public, data=message, signature=signature) is True
    assert ed25519_bip32.verify(public, data=message + b"\x00", signature=signature) is False


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        GOOD[:-1],
        GOOD + b"\x00",
        bytes(64),
        b"\xff" * 64,
        GOOD[:32] + (int.from_bytes(GOOD[32:], "little") + ORDER).to_bytes(32, "little"),
    ],
    ids=["empty", "short", "long", "zeros", "ones", "S + L"],
)
def test_malformed_signature(signature: bytes) -> None:
    """What is no signature is not valid, nor is a second spelling of one."""
    assert ed25519_bip32.verify(PUBLIC, data=b"message", signature=signature) is False


@pytest.mark.parametrize(
    "refused",
    [{}, {"digest": bytes(32)}, {"data": b"", "digest": bytes(32)}, {"data": b"", "encoding": "der"}],
    ids=["nothing", "digest", "both", "DER"],
)
def test_data_only(refused: dict[str, Any]) -> None:
    """It signs data; it has no digest and no DER form."""
    with pytest.raises(ValueError, match=r"digest|DER"):
        ed25519_bip32.sign(SECRET, **refused)
    with pytest.raises(ValueError, match=r"digest|DER"):
        ed25519_bip32.verify(PUBLIC, signature=GOOD, **refused)


def test_another_public_key() -> None:
    """One secret is never used beside two public keys: two signatures so made would give it away."""
    with pytest.raises(SigningFault):
        ed25519_bip32.sign(SECRET, data=b"message", public=ed25519.public_key(bytes(32)))


def test_a_fault_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature that does not verify does not leave."""
    monkeypatch.setattr(sodium, "ed25519_multiply_add", lambda *_: bytes(32))
    with pytest.raises(SigningFault):
        ed25519_bip32.sign(SECRET, data=b"message")


def test_generated() -> None:
    """A generated secret is one, and its JWK is one of Ed25519."""
    secret = ed25519_bip32.generate_secret(lambda length: b"\xff" * length)
    public = ed25519_bip32.public_key(secret)

    assert Jwk(kty="OKP", crv="Ed25519", x=public) == ed25519_bip32.public_jwk(public)
    assert public == ed25519_bip32.parse_public(ed25519_bip32.public_jwk(public))
    wipe(secret)


def test_key_refused() -> None:
    """A JWK of another kind, or that is no point of the group, is refused."""
    for jwk in (Jwk(kty="OKP", crv="X25519", x=PUBLIC), Jwk(kty="OKP", crv="Ed25519", x=bytes(32))):
        with pytest.raises(ValueError, match=r"not an? "):
            ed25519_bip32.parse_public(jwk)
    with pytest.raises(ValueError, match="not a point"):
        ed25519_bip32.verify(bytes(32), data=b"", signature=GOOD)
