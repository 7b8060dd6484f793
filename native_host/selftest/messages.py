"""Published vectors of message formats: ERC-4361, BIP322, BIP137, CIP-8, ADR-036, Solana's off-chain messages."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from native_host.selftest.case import Case, Check
from native_host.selftest.files import load_json

_CONFORMS = {
    "domain not RFC4501 authority": 'The "_" of its domain is one of RFC 3986\'s unreserved characters, so the ABNF of ERC-4361 has it.',
    "version not 1": "The message says version 1, whatever the vector's name says.",
}


def _text(message: Any) -> bytes:
    """A message, or a letter and how often it stands there."""
    return (message if isinstance(message, str) else message["repeat"] * message["times"]).encode()


def _parses(message: str) -> bool:
    from native_host.encodings.siwe import parse_siwe

    parse_siwe(message.encode())
    return True


def _is_uri(text: str) -> bool:
    from native_host.encodings.uri import parse_uri

    parse_uri(text)
    return True


def _recovers(vector: dict[str, Any]) -> bool:
    from native_host.encodings.siwe import parse_siwe
    from native_host.suites import eip191, secp256k1
    from native_host.suites.hd.accounts import ethereum_address

    signature, message = bytes.fromhex(vector["signature"]), vector["message"].encode()
    public = secp256k1.ecdsa_recover(eip191.digest_of_message(message), signature[:64], signature[64] - 27)
    return public is not None and ethereum_address(public) == parse_siwe(message).address == vector["address"]


def _siwe(path: str) -> Iterator[Case]:
    vectors = load_json(path)
    for text in vectors["examples"]:
        yield Case(name=f"example {text.partition(' ')[0]}", valid=True, run=partial(_parses, text))
    for name, text in vectors["parsing_positive"].items():
        yield Case(name=name, valid=True, run=partial(_parses, text))
    for name, text in vectors["parsing_negative"].items():
        yield Case(name=name, valid=False, run=partial(_parses, text), difference=_CONFORMS.get(name, ""))
    for text in vectors["invalid_uris"]:
        yield Case(name=text, valid=False, run=partial(_is_uri, text))
    for vector in vectors["verification"]:
        yield Case(name=f"signed by {vector['address']}", valid=True, run=partial(_recovers, vector))


def _bip322_case(vector: dict[str, Any], fields: dict[str, int] | None) -> bool:
    from native_host.encodings.base58 import decode_base58check
    from native_host.suites import bip322, es256k

    secret, message, published = decode_base58check(vector["secret_wif"])[1:33], vector["message"].encode(), b64decode(vector["signature"])
    public = es256k.public_key(secret)
    if fields is None:
        return bip322.sign_simple(vector["kind"], secret, message, public=public) == published
    return bip322.sign_full(vector["kind"], secret, message, public=public, fields=bip322.Fields(**fields)) == published


def _taproot_case(vector: dict[str, Any], message: str) -> bool:
    from native_host.encodings.base58 import decode_base58check
    from native_host.suites import bip322, bip340

    secret = decode_base58check(vector["secret_wif"])[1:33]
    made = bip322.sign_simple("p2tr", secret, message.encode(), public=bip340.public_key(secret), aux=bytes(32))
    return bool(made == b64decode(vector["p2tr"]["signatures"][message][0]))


def _bip322(path: str) -> Iterator[Case]:
    """Taproot vectors but one were made with nonces that BIP340 does not have; they are verified in the tests."""
    vectors = load_json(path)
    yield Case(name="P2TR, Hello World", valid=True, run=partial(_taproot_case, vectors, "Hello World"))
    for form, fields in (("simple", None), ("full", vectors["generated"]["fields"])):
        for vector in vectors["generated"][form]:
            if vector["kind"] != "p2tr":
                yield Case(name=f"{form}, {vector['kind']}", valid=True, run=partial(_bip322_case, vector, fields))


def _bip137_case(kind: Any, vector: dict[str, Any]) -> bool:
    from native_host.suites import bip137, es256k

    secret = bytes.fromhex(vector["secret"])
    return bool(bip137.sign(kind, secret, _text(vector["message"]), public=es256k.public_key(secret)).hex() == vector[kind])


def _bip137(path: str) -> Iterator[Case]:
    for number, vector in enumerate(load_json(path)["vectors"]):
        for kind in ("p2pkh", "p2sh-p2wpkh", "p2wpkh"):
            yield Case(name=f"{kind} {number}", valid=True, run=partial(_bip137_case, kind, vector))


def _cip8_made(vector: dict[str, Any]) -> bool:
    from native_host.suites import signed_message

    public, message = bytes.fromhex(vector["public"]), vector["message"].encode()
    made, address = signed_message.sign("cip8", vector["alg"], vector["path"], public, bytes.fromhex(vector["secret"]), message)
    key = signed_message.companion("cip8", public)
    return (made.hex(), address, key) == (vector["signature"], vector["address"], bytes.fromhex(vector["key"]))


def _cip8_published(vector: dict[str, Any]) -> bool:
    """The address is one of the key's, and the published signature one of what would be signed here."""
    from native_host.suites import cip8, ed25519

    key, signature, message = (bytes.fromhex(vector["key"]), bytes.fromhex(vector["signature"])[-64:], vector["message"].encode())
    address = cip8.parse_address(vector["address"], key[-32:])
    to_sign = cip8.sig_structure(address, message)
    return cip8.cose_key(key[-32:]) == key and ed25519.verify(key[-32:], data=to_sign, signature=signature)


def _cip8(path: str) -> Iterator[Case]:
    vectors = load_json(path)
    for kind, run in (("made", _cip8_made), ("published", _cip8_published)):
        for vector in vectors[kind]:
            yield Case(name=f"{kind}, {vector['address'][:12]} {vector['message'][:8]}", valid=True, run=partial(run, vector))


def _adr36_case(vector: dict[str, Any]) -> bool:
    from native_host.suites import adr36, es256k, signed_message

    secret, message = bytes.fromhex(vector["secret"]), vector["message"].encode()
    public = es256k.public_key(secret)
    made, _ = signed_message.sign("adr36", "ES256K", None, public, secret, message, address=vector["address"])
    document = adr36.sign_document(message, adr36.address_of(public, vector["hrp"]))
    return (made.hex(), document.decode()) == (vector["signature"], vector["document"])


def _adr36(path: str) -> Iterator[Case]:
    for vector in load_json(path)["vectors"]:
        yield Case(name=vector["address"], valid=True, run=partial(_adr36_case, vector))


def _offchain_case(secret: str, vector: dict[str, Any]) -> bool:
    from hashlib import sha256

    from native_host.suites import signed_message, solana_offchain

    public, message = bytes.fromhex(vector["public"]), _text(vector["text"])
    to_sign = solana_offchain.to_sign(message, public)
    made, _ = signed_message.sign("solana-offchain", "Ed25519", None, public, bytes.fromhex(secret), message)
    return (sha256(to_sign).hexdigest(), made.hex()) == (vector["sha256"], vector["signature"])


def _offchain(path: str) -> Iterator[Case]:
    vectors = load_json(path)
    for number, vector in enumerate(vectors["vectors"]):
        yield Case(name=f"format {vector['format']}, {number}", valid=True, run=partial(_offchain_case, vectors["secret"], vector))


def _check(standard: str, alg: str, name: str, cases: Callable[[str], Iterator[Case]]) -> Check:
    return Check(standard=standard, alg=alg, package="", path=f"{name}.json", cases=cases)


CHECKS = (
    _check("ERC-4361", "ES256K-R", "siwe", _siwe),
    _check("BIP322", "ES256K", "bip322", _bip322),
    _check("BIP137", "ES256K-R", "bip137", _bip137),
    _check("CIP-8, CIP-30", "Ed25519", "cip8", _cip8),
    _check("ADR-036", "ES256K", "adr36", _adr36),
    _check("Solana off-chain messages", "Ed25519", "solana_offchain", _offchain),
)
