"""BIP32: private and public derivation, and extended keys as text."""

from __future__ import annotations

from typing import Any

import pytest
from embit.bip32 import HDKey
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.base58 import decode_base58check, encode_base58check
from native_host.suites import secp256k1
from native_host.suites.hd import bip32, derivation, extended_key
from native_host.suites.hd.extended_key import ExtendedPrivateKey, ExtendedPublicKey
from native_host.suites.hd.path import HARDENED, format_path, parse_path
from tests.vector_files import load

ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
BIP32 = load("bip32")
CASES = [(vector["seed"], chain) for vector in BIP32["vectors"] for chain in vector["chains"]]
XPUB, XPRV = CASES[2][1]["xpub"], CASES[2][1]["xprv"]
PUBLIC = extended_key.decode_extended_public(XPUB)[1]

indices = st.integers(0, 2 * HARDENED - 1)
paths = st.lists(indices, max_size=6).map(tuple)
public_paths = st.lists(st.integers(0, HARDENED - 1), max_size=4).map(tuple)
seeds = st.binary(min_size=16, max_size=64)


@pytest.mark.parametrize(("seed", "chain"), CASES, ids=[f"{seed[:8]} {chain['path']}" for seed, chain in CASES])
def test_published(seed: str, chain: dict[str, Any]) -> None:
    """A seed and a path give the published extended keys, which are read as what they were made of."""
    secret = derivation.derive("ES256K", "BIP32", bytes.fromhex(seed), chain["path"])
    public = extended_key.extended_public(bytes.fromhex(seed), parse_path(chain["path"]))
    prefix, private = extended_key.decode_extended_private(chain["xprv"])

    assert chain["xpub"] == extended_key.encode_extended_public(public)
    assert ("xpub", public) == extended_key.decode_extended_public(chain["xpub"])
    assert (prefix, private.secret, private.chain_code) == ("xprv", secret, public.chain_code)
    assert chain["xprv"] == extended_key.encode_extended_private(private)
    assert chain.get("private", secret.hex()) == secret.hex()
    assert chain.get("public", public.public.hex()) == public.public.hex() == secp256k1.public_key(secret).hex()


@pytest.mark.parametrize("vector", BIP32["invalid"], ids=lambda vector: f"{vector['reason'][:40]} {vector['key'][:4]}…{vector['key'][-4:]}")
def test_published_invalid(vector: dict[str, str]) -> None:
    """What BIP32 calls invalid (test vector 5) is no extended key of either kind, for the reason that it gives."""
    reasons = r"known kind|point|no 00|no parent|not a secp256k1 key|checksum"
    for decode in (extended_key.decode_extended_public, extended_key.decode_extended_private):
        with pytest.raises(ValueError, match=reasons):
            decode(vector["key"])


@given(seeds, paths)
def test_public_of_private(seed: bytes, path: tuple[int, ...]) -> None:
    """An independent implementation writes the same extended public key."""
    assert HDKey.from_seed(seed).derive(list(path)).to_public().to_base58() == extended_key.encode_extended_public(
        extended_key.extended_public(seed, path)
    )


@given(seeds, paths, public_paths)
def test_public_derivation(seed: bytes, path: tuple[int, ...], below: tuple[int, ...]) -> None:
    """N(m/a/b) is N(m/a)/b: the children of a public key are the public keys of the children."""
    parent = extended_key.extended_public(seed, path)

    assert extended_key.extended_public(seed, path + below) == extended_key.derive_extended_public(parent, below)
    assert secp256k1.public_key(bip32.derive(seed, path + below)) == bip32.derive_public(parent.public, parent.chain_code, below)[0]


@pytest.mark.parametrize("path", [(HARDENED,), (0, HARDENED), (2 * HARDENED - 1,)])
def test_public_hardened(path: tuple[int, ...]) -> None:
    """A public key has no hardened children."""
    with pytest.raises(ValueError, match="hardened"):
        bip32.derive_public(PUBLIC.public, PUBLIC.chain_code, path)
    with pytest.raises(ValueError, match="hardened"):
        extended_key.derive_extended_public(PUBLIC, path)


@pytest.mark.parametrize(
    ("public", "chain_code"),
    [
        (b"", PUBLIC.chain_code),
        (PUBLIC.public[1:], PUBLIC.chain_code),
        (secp256k1.uncompress(PUBLIC.public), PUBLIC.chain_code),
        (b"\x02" + bytes(32), PUBLIC.chain_code),
        (b"\x02" + b"\xff" * 32, PUBLIC.chain_code),
        (PUBLIC.public, PUBLIC.chain_code[1:]),
        (PUBLIC.public, PUBLIC.chain_code + b"\x00"),
    ],
    ids=["nothing", "x alone", "uncompressed", "off the curve", "x not below p", "short chain code", "long chain code"],
)
def test_public_malformed(public: bytes, chain_code: bytes) -> None:
    """What is no compressed point with its chain code has no children."""
    with pytest.raises(ValueError, match=r"point|compressed"):
        bip32.derive_public(public, chain_code, (0,))


@pytest.mark.parametrize("tweak", [ORDER.to_bytes(32, "big"), b"\xff" * 32, (ORDER - 5).to_bytes(32, "big")])
def test_public_no_key(tweak: bytes) -> None:
    """Where I_L is not below the order, or the sum is no point, a public key has no child. No path there is known."""
    assert secp256k1.add_to_public(secp256k1.public_key((5).to_bytes(32, "big")), tweak) is None


def _replaced(text: str, start: int, value: bytes) -> str:
    data = bytearray(decode_base58check(text))
    data[start : start + len(value)] = value
    return encode_base58check(bytes(data))


@pytest.mark.parametrize(
    "text",
    [
        "", "xpub", XPUB[:-1], XPUB + "1", "1" + XPUB, XPUB.replace("x", "X", 1), XPUB + " ", XPUB.replace("a", "0", 1), "x" * 600, "\u0000",
        encode_base58check(decode_base58check(XPUB)[:-1]), encode_base58check(decode_base58check(XPUB) + b"\x00"),
        _replaced(XPUB, 45, b"\x06"), _replaced(XPUB, 46, b"\xff" * 32), _replaced(XPRV, 46, b"\xff" * 32), _replaced(XPRV, 45, b"\x01"),
        _replaced(XPUB, 4, b"\x00"), _replaced(XPRV, 4, b"\x00"), _replaced(XPUB, 0, b"\x04\x88\xb2\x1f"),
    ],
)  # fmt: skip
def test_extended_key_refused(text: str) -> None:
    """What is not written as an extended key is refused, both ways."""
    for decode in (extended_key.decode_extended_public, extended_key.decode_extended_private):
        with pytest.raises(ValueError, match=r"."):
            decode(text)


def _public(**members: Any) -> ExtendedPublicKey:
    return ExtendedPublicKey(**{name: getattr(PUBLIC, name) for name in PUBLIC.__struct_fields__} | members)


@pytest.mark.parametrize(
    "members",
    [
        {"depth": 256}, {"depth": -1}, {"child_number": 1 << 32}, {"child_number": -1}, {"parent_fingerprint": b""}, {"chain_code": bytes(31)},
        {"public": b"\x02" + bytes(32)}, {"public": PUBLIC.public[1:]}, {"depth": 0}, {"depth": 0, "child_number": 0},
    ],
)  # fmt: skip
def test_extended_key_not_written(members: dict[str, Any]) -> None:
    """A key that would not be read is not written."""
    with pytest.raises(ValueError, match=r"extended key|compressed|point|no parent"):
        extended_key.encode_extended_public(_public(**members))


@pytest.mark.parametrize("secret", [bytes(32), ORDER.to_bytes(32, "big"), b"\x01", bytes(33)])
def test_extended_secret_not_written(secret: bytes) -> None:
    """A secret that is no key is not written, nor a key under the prefix of the other kind."""
    _, key = extended_key.decode_extended_private(XPRV)
    with pytest.raises(ValueError, match="not a secp256k1 key"):
        extended_key.encode_extended_private(
            ExtendedPrivateKey(
                depth=key.depth,
                parent_fingerprint=key.parent_fingerprint,
                child_number=key.child_number,
                chain_code=key.chain_code,
                secret=bytearray(secret),
            )
        )
    with pytest.raises(ValueError, match="prefix"):
        extended_key.encode_extended_private(key, "xpub")
    with pytest.raises(ValueError, match="prefix"):
        extended_key.encode_extended_public(PUBLIC, "xprv")


def test_depth_ends() -> None:
    """No key is deeper than its depth byte can say."""
    deepest = extended_key.extended_public(bytes(16), (0,) * 255)

    assert deepest.depth == extended_key.derive_extended_public(_public(depth=254), (0,)).depth == 255
    with pytest.raises(ValueError, match="deep"):
        extended_key.extended_public(bytes(16), (0,) * 256)
    with pytest.raises(ValueError, match="deep"):
        extended_key.derive_extended_public(deepest, (0,))


def test_master_key() -> None:
    """The root of a tree has no parent, and its secret is the seed's master secret."""
    key = extended_key.master_key(bytes(16))

    assert (key.depth, key.parent_fingerprint, key.child_number) == (0, bytes(4), 0)
    assert (key.secret, key.chain_code) == bip32.master(bytes(16))
    assert "secret=" not in repr(key)


@given(st.one_of(st.text(max_size=120), st.binary(max_size=90).map(encode_base58check)))
def test_extended_key_hostile(text: str) -> None:
    """A text is an extended key of that very text, or refused."""
    try:
        prefix, key = extended_key.decode_extended_public(text)
    except ValueError:
        return
    assert text == extended_key.encode_extended_public(key, prefix)


@given(seeds, paths)
def test_against_embit(seed: bytes, path: tuple[int, ...]) -> None:
    """An independent implementation derives the same secret."""
    assert HDKey.from_seed(seed).derive(list(path)).key.serialize() == bip32.derive(seed, path)


@pytest.mark.parametrize(
    "left",
    [ORDER.to_bytes(32, "big"), b"\xff" * 32, (ORDER - 1).to_bytes(32, "big")],
    ids=["the order", "above it", "the sum is zero"],
)
def test_no_key(left: bytes) -> None:
    """Where I_L is not below the order, or the sum is zero, there is no key, and the parent's is not left behind."""
    secret = bytearray((1).to_bytes(32, "big"))

    with pytest.raises(bip32.InvalidChild):
        bip32.settle(secret, left + bytes(32))
    assert bytes(32) == secret


@pytest.mark.parametrize("length", [0, 15, 65])
def test_seed_length(length: int) -> None:
    """A seed has 16 to 64 bytes."""
    with pytest.raises(ValueError, match="16 to 64"):
        bip32.derive(bytes(length), ())


def test_seed_is_left_alone() -> None:
    """Deriving does not change the seed's buffer."""
    seed = bytearray(range(64))
    bip32.derive(seed, parse_path("m/0'/1"))

    assert bytearray(range(64)) == seed


@given(paths)
def test_path_round_trip(path: tuple[int, ...]) -> None:
    """A path's text reads as the path, with ``h`` as with ``'``."""
    assert path == parse_path(format_path(path))
    assert path == parse_path(format_path(path).replace("'", "h"))


@pytest.mark.parametrize(
    "text",
    [
        "", "/", "m/", "m//0", "M", "M/0", "0", "/0", "m0", "m/0/", " m", "m ", "m/ 0", "m/-1", "m/+1", "m/1_0", "m/0x1", "m/a", "m/'", "m/h",
        "m/0''", "m/0'h", "m/0H", "m/2147483648", "m/2147483648'", "m/4294967296", "m/00", "m/01", "m/٣", "m/²", "m/1e3", "m/1.0", "n/0", "m\\0",
        "m/0\n", "m/0\u2019", "m/" + "9" * 5000, "m" + "/0" * 256,
    ],
)  # fmt: skip
def test_path_refused(text: str) -> None:
    """What is not written as a path is refused."""
    with pytest.raises(ValueError, match="path"):
        parse_path(text)


def test_deepest_path() -> None:
    """255 levels, the most that BIP32's depth byte can say."""
    assert (0,) * 255 == parse_path("m" + "/0" * 255)


@given(st.text(alphabet="m/0123456789'h", max_size=40))
def test_path_hostile(text: str) -> None:
    """A text is a path of that very text, or refused."""
    try:
        path = parse_path(text)
    except ValueError:
        return
    assert text.replace("h", "'") == format_path(path)


@pytest.mark.parametrize(
    ("alg", "scheme", "path"),
    [("Ed25519", "SLIP10", "m/0"), ("Ed25519", "SLIP10", "m/44'/501'/0"), ("X25519", "SLIP10", "m/0"), ("Ed25519", "BIP32", "m/0'"),
     ("ES256", "BIP32", "m/0'"), ("ES256K", "EIP2333", "m/0"), ("ES256K", "CIP1852", "m/0"), ("BLS12381G2", "EIP2333", "m/0'"),
     ("BLS12381G2", "BIP32", "m/0"), ("Ed25519-BIP32", "SLIP10", "m/0'"), ("BIP39", "BIP32", "m/0"), ("ES256K", "bip32", "m/0"),
     ("", "", "m/0")],
)  # fmt: skip
def test_not_derivable(alg: str, scheme: str, path: str) -> None:
    """A path that the algorithm cannot derive by the scheme is refused before a seed is needed."""
    with pytest.raises(ValueError, match=r"scheme|hardened"):
        derivation.canonical_path(path, scheme=scheme, alg=alg)
    with pytest.raises(ValueError, match=r"scheme|hardened"):
        derivation.derive(alg, scheme, bytes(64), path)
