"""What is asked of a symmetric cipher, whoever published the vector."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

from native_host.selftest.case import Case
from native_host.selftest.files import load_json, wycheproof, wycheproof_valid
from native_host.suites.kinds import Ciphers, Sealed
from native_host.value import Value


class Vector(Value, frozen=True, kw_only=True):
    """One encryption. ``ciphertext`` is without nonce and tag."""

    name: str
    key: bytes
    plaintext: bytes
    ciphertext: bytes
    iv: bytes = b""
    tag: bytes = b""
    aad: bytes = b""
    valid: bool | None = True
    difference: str = ""


def suite_object(place: str) -> Any:
    """The object ``module:name`` of ``native_host.suites``, imported now; the table is passed by, as it checks answers of its own."""
    module, _, name = place.partition(":")
    return getattr(import_module(f"native_host.suites.{module}"), name)


def cipher_case(cipher: Ciphers, vector: Vector) -> Case:
    """Does it encrypt to what was published, and decrypt that? Of what is invalid: does it decrypt?"""
    run = partial(_decrypts if vector.valid is False else _computes, cipher, vector)
    return Case(name=vector.name, valid=vector.valid, run=run, difference=vector.difference)


def wycheproof_aead(place: str, key_bits: int, difference: Callable[[dict[str, Any]], str], path: str) -> Iterator[Case]:
    """The cases of an ``AeadTest`` file with keys of ``key_bits``; ``difference`` tells why a valid one of a group is refused."""
    cipher = suite_object(place)
    for group, test in wycheproof(path):
        if group["keySize"] != key_bits:
            continue
        valid = wycheproof_valid(test)
        data: dict[str, Any] = {name: bytes.fromhex(test[name]) for name in ("key", "iv", "aad", "tag")}
        yield cipher_case(
            cipher,
            Vector(
                name=f"tcId {test['tcId']}",
                plaintext=bytes.fromhex(test["msg"]),
                ciphertext=bytes.fromhex(test["ct"]),
                valid=valid,
                difference=difference(group) if valid else "",
                **data,
            ),
        )


def no_difference(group: dict[str, Any]) -> str:
    """Every valid case is accepted."""
    del group
    return ""


def printed(place: str, alg: str, case: Callable[[Ciphers, Vector], Case], path: str) -> Iterator[Case]:
    """The cases of one algorithm in a file of ours; absent members are empty."""
    cipher = suite_object(place)
    for vector in load_json(path)["vectors"]:
        if vector["alg"] == alg:
            members: dict[str, Any] = {name: bytes.fromhex(text) for name, text in vector.items() if name not in {"alg", "name"}}
            yield case(cipher, Vector(name=f"{alg} {vector['name']}", **members))


def _computes(cipher: Ciphers, vector: Vector) -> bool:
    sealed = Sealed(ciphertext=vector.ciphertext, iv=vector.iv, tag=vector.tag)
    if cipher.decrypt(vector.key, sealed, aad=vector.aad) != vector.plaintext:
        return False
    return cipher.encrypt(vector.key, vector.plaintext, aad=vector.aad, random_bytes=partial(handed_in, vector.iv)) == sealed


def _decrypts(cipher: Ciphers, vector: Vector) -> bool:
    cipher.decrypt(vector.key, Sealed(ciphertext=vector.ciphertext, iv=vector.iv, tag=vector.tag), aad=vector.aad)
    return True


def handed_in(nonce: bytes, length: int) -> bytes:
    """The published nonce in place of a random one; ``ValueError`` if the algorithm wants another length."""
    if len(nonce) != length:
        raise ValueError("the nonce has another length")
    return nonce
