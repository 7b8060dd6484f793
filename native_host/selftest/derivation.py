"""Published vectors of derivation: BIP32, BIP39, BIP44, BIP49, BIP84, BIP86, BIP85, SLIP-0010, SLIP-0021, SLIP-0132, CIP-3, CIP-1852 and
CIP-19.

Every number that a document prints is asked for: secrets, public keys, chain codes, extended keys as text, words, addresses.
EIP-2333's are with BLS12-381.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from native_host.selftest.case import Case, Check
from native_host.selftest.files import load_json
from native_host.suites.hd.path import Path, parse_path

Chain = dict[str, str]


def _case(name: str, run: Callable[..., bool], *arguments: Any) -> Case:
    return Case(name=name, valid=True, run=partial(run, *arguments))


def _bip32(path: str) -> Iterator[Case]:
    vectors = load_json(path)
    for vector in vectors["vectors"]:
        for chain in vector["chains"]:
            yield _case(f"{vector['seed'][:8]} {chain['path']}", _extended_keys, bytes.fromhex(vector["seed"]), chain)
    for vector in vectors["invalid"]:
        yield Case(name=vector["reason"], valid=False, run=partial(_is_extended_key, vector["key"]))


def _extended_keys(seed: bytes, chain: Chain) -> bool:
    from native_host.suites.hd import bip32, extended_key

    path = parse_path(chain["path"])
    public, (_, private) = extended_key.extended_public(seed, path), extended_key.decode_extended_private(chain["xprv"])
    return (
        extended_key.encode_extended_public(public) == chain["xpub"]
        and extended_key.encode_extended_private(private) == chain["xprv"]
        and bip32.derive(seed, path) == private.secret
    )


def _is_extended_key(text: str) -> bool:
    from native_host.suites.hd import extended_key

    read = 0
    for decode in (extended_key.decode_extended_public, extended_key.decode_extended_private):
        try:
            decode(text)
        except ValueError:
            continue
        read += 1
    return read > 0


def _bip39(path: str) -> Iterator[Case]:
    file = load_json(path)
    for vector in file["vectors"]:
        yield _case(vector["entropy"], _words, vector, "english", file["passphrase"])


def _bip39_japanese(path: str) -> Iterator[Case]:
    file = load_json(path)
    for vector in file["vectors"]:
        yield _case(vector["entropy"], _words, vector, "japanese", file["passphrase"])


def _bip39_languages(path: str) -> Iterator[Case]:
    file = load_json(path)
    for language, vectors in file["languages"].items():
        for vector in vectors:
            yield _case(f"{language} {vector['entropy']}", _words, vector, language, file["passphrase"])


def _words(vector: dict[str, str], language: str, passphrase: str) -> bool:
    from native_host.suites.hd import bip39

    entropy, words = bytes.fromhex(vector["entropy"]), vector["mnemonic"]
    return (
        bip39.normalize(bip39.mnemonic_of_entropy(entropy, language)) == bip39.normalize(words)
        and bip39.entropy_of_mnemonic(words) == entropy
        and bip39.seed_of_mnemonic(words, passphrase).hex() == vector["seed"]
    )


def _slip10(curve: str, path: str) -> Iterator[Case]:
    for vector in load_json(path)[curve]:
        for chain in vector["chains"]:
            yield _case(f"{vector['seed'][:8]} {chain['path']}", _slip10_key, curve, bytes.fromhex(vector["seed"]), chain)


def _slip10_key(curve: str, seed: bytes, chain: Chain) -> bool:
    from native_host.suites import ed25519, secp256k1, x25519
    from native_host.suites.ecdsa import ES256
    from native_host.suites.hd import slip10

    derive: Callable[[bytes, Path], bytearray] = getattr(slip10, f"derive_{curve}")
    secret = derive(seed, parse_path(chain["path"]))
    code: Any = {"secp256k1": secp256k1, "nist256p1": ES256, "ed25519": ed25519, "curve25519": x25519}[curve]
    public = code.public_key(secret)
    # SLIP-0010 writes 00 before the keys that have no sign.
    return (secret.hex(), public.hex()) == (chain["private"], chain["public"].removeprefix("00"))


def _slip21(path: str) -> Iterator[Case]:
    file = load_json(path)
    for vector in file["vectors"]:
        yield _case("/".join(["m", *vector["labels"]]), _slip21_key, bytes.fromhex(file["seed"]), vector)


def _slip21_key(seed: bytes, vector: dict[str, Any]) -> bool:
    from native_host.suites.hd import slip21

    return slip21.derive(seed, [label.encode() for label in vector["labels"]]) == bytes.fromhex(vector["key"])


def _slip132(path: str) -> Iterator[Case]:
    file = load_json(path)
    for vector in file["vectors"]:
        yield _case(vector["path"], _slip132_account, file["mnemonic"], vector)


def _slip132_account(mnemonic: str, vector: dict[str, str]) -> bool:
    from native_host.suites.hd import extended_key

    key = extended_key.extended_public(_seed(mnemonic), parse_path(vector["path"]))
    prefix, private = extended_key.decode_extended_private(vector["private"])
    return (
        extended_key.encode_extended_public(key, vector["public"][:4]) == vector["public"]
        and extended_key.encode_extended_private(private, prefix) == vector["private"]
        and _has_address("ES256K", vector["path"] + "/0/0", extended_key.derive_extended_public(key, (0, 0)).public, vector["address"])
    )


def _addresses(alg: str, path: str) -> Iterator[Case]:
    """BIP49's, BIP84's and BIP86's: each path with the public key and the address there."""
    file = load_json(path)
    for vector in file["vectors"] if "vectors" in file else [file["first"]]:
        yield _case(vector["path"], _account, alg, file["mnemonic"].strip(), vector)


def _account(alg: str, mnemonic: str, vector: dict[str, str]) -> bool:
    from native_host.suites.hd import derivation
    from native_host.suites.secp256k1 import public_key

    public = public_key(derivation.derive(alg, "BIP32", _seed(mnemonic), vector["path"]))
    public = public[1:] if alg == "BIP340" else public
    expected = vector["internal_key"] if alg == "BIP340" else vector["public"]
    return public.hex() == expected and _has_address(alg, vector["path"], public, vector["address"])


def _has_address(alg: str, path: str, public: bytes, address: str) -> bool:
    from native_host.suites.hd import derivation

    return derivation.address(alg, path, public) == address


def _solana(path: str) -> Iterator[Case]:
    for vector in load_json(path)["vectors"]:
        yield _case(vector["address"], _has_address, "Ed25519", "m/44'/501'/0'/0'", bytes.fromhex(vector["public"]), vector["address"])


def _seed(mnemonic: str) -> bytearray:
    from native_host.suites.hd import bip39

    return bip39.seed_of_mnemonic(mnemonic, "")


def _bip85(path: str) -> Iterator[Case]:
    file = load_json(path)
    for vector in file["entropy"]:
        yield _case(f"entropy {vector['indices']}", _bip85_is, file["root"], "entropy", vector["entropy"], vector["indices"], {})
    for vector in file["mnemonic"]:
        numbers = {"words": vector["words"], "index": vector["index"]}
        yield _case(f"{vector['words']} words", _bip85_is, file["root"], "mnemonic_entropy", vector["entropy"], [], numbers)
    for member, function, answer in (
        ("wif", "wif", "wif"),
        ("xprv", "xprv", "xprv"),
        ("hex", "hex_entropy", "entropy"),
        ("base64", "password_base64", "password"),
        ("base85", "password_base85", "password"),
        ("dice", "dice", "rolled"),
    ):
        vector = file[member]
        numbers = {name: value for name, value in vector.items() if isinstance(value, int)}
        yield _case(member, _bip85_is, file["root"], function, vector[answer], [], numbers)
    yield _case("generator", _bip85_generates, file["root"], file["drng"])


def _bip85_is(root: str, function: str, expected: str, indices: list[int], numbers: dict[str, int]) -> bool:
    from native_host.suites.hd import bip85, extended_key

    got = getattr(bip85, function)(extended_key.decode_extended_private(root)[1], *indices, **numbers)
    return bool((got if isinstance(got, str) else got.hex()) == expected)


def _bip85_generates(root: str, vector: dict[str, Any]) -> bool:
    from native_host.suites.hd import bip85, extended_key

    seed = bip85.entropy(extended_key.decode_extended_private(root)[1], *vector["indices"])
    expected = bytes.fromhex(vector["bytes"])
    return bip85.Drng(seed).read(len(expected)) == expected


def _cip3(path: str) -> Iterator[Case]:
    file = load_json(path)
    for vector in file["masters"]:
        yield _case(f"master {vector['passphrase']}", _cip3_master, vector)
    for chain in file["tree"]["chains"]:
        yield _case(chain["path"], _cip3_key, bytes.fromhex(file["tree"]["entropy"]), chain)


def _cip3_master(vector: dict[str, str]) -> bool:
    from native_host.suites.hd import bip39, cip3

    return cip3.master(bip39.entropy_of_mnemonic(vector["mnemonic"]), vector["passphrase"]).hex() == vector["master"]


def _cip3_key(entropy: bytes, chain: Chain) -> bool:
    from native_host.suites import ed25519_bip32
    from native_host.suites.hd import cip3

    secret = cip3.derive(entropy, "", parse_path(chain["path"]))
    public = ed25519_bip32.public_key(secret)
    signed = ed25519_bip32.sign_extended(secret, chain["path"].encode())
    return (
        secret[:64].hex() == chain["private"]
        and secret[64:].hex() == chain.get("chain_code", secret[64:].hex())
        and public.hex() == chain["public"]
        and ed25519_bip32.verify(public, data=chain["path"].encode(), signature=signed)
    )


def _cip1852(path: str) -> Iterator[Case]:
    file = load_json(path)
    for key in file["keys"]:
        yield _case(key["path"], _cip3_key, bytes.fromhex(file["entropy"]), key)
        if "address" in key or "base_address" in key:
            yield _case(f"{key['path']} address", _cip1852_address, key, bytes.fromhex(file["keys"][1]["public"]))
    yield _case("CIP-19", _cip19, file["cip19"])


def _cip1852_address(key: dict[str, str], stake: bytes) -> bool:
    from native_host.suites.hd import accounts

    public = bytes.fromhex(key["public"])
    if "address" in key:
        return _has_address("Ed25519-BIP32", key["path"], public, key["address"])
    return accounts.cardano_address(public, stake) == key["base_address"]


def _cip19(vector: dict[str, str]) -> bool:
    from native_host.encodings.bech32 import decode_bech32
    from native_host.suites.hd import accounts

    payment, stake = decode_bech32(vector["payment"])[1], decode_bech32(vector["stake"])[1]
    return (
        accounts.cardano_address(payment, stake) == vector["base"]
        and accounts.cardano_address(payment) == vector["enterprise"]
        and accounts.address_of(accounts.Account(kind="cardano-stake"), stake) == vector["reward"]
    )


def _check(standard: str, alg: str, name: str, cases: Callable[[str], Iterator[Case]]) -> Check:
    return Check(standard=standard, alg=alg, package="", path=f"{name}.json", cases=cases)


CHECKS: tuple[Check, ...] = (
    _check("BIP32", "ES256K", "bip32", _bip32),
    _check("BIP39", "BIP39", "bip39", _bip39),
    _check("BIP39", "BIP39", "bip39_languages", _bip39_languages),
    _check("BIP39", "BIP39", "bip39_japanese", _bip39_japanese),
    _check("SLIP-0010", "ES256K", "slip10", partial(_slip10, "secp256k1")),
    _check("SLIP-0010", "ES256", "slip10", partial(_slip10, "nist256p1")),
    _check("SLIP-0010", "Ed25519", "slip10", partial(_slip10, "ed25519")),
    _check("SLIP-0010", "X25519", "slip10", partial(_slip10, "curve25519")),
    _check("SLIP-0021", "SEED", "slip21", _slip21),
    _check("SLIP-0132", "ES256K", "slip132", _slip132),
    _check("BIP44", "Ed25519", "solana_addresses", _solana),
    _check("BIP49", "ES256K", "bip49", partial(_addresses, "ES256K")),
    _check("BIP84", "ES256K", "bip84", partial(_addresses, "ES256K")),
    _check("BIP86", "BIP340", "bip86", partial(_addresses, "BIP340")),
    _check("BIP85", "SEED", "bip85", _bip85),
    _check("CIP-3", "Ed25519-BIP32", "cip3", _cip3),
    _check("CIP-1852, CIP-19", "Ed25519-BIP32", "cip1852", _cip1852),
)
