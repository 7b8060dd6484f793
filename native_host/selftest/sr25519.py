"""sr25519 against the vectors of Substrate and of other implementations, and RFC 9496's encodings of no point."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import Any

from native_host.selftest.case import Case, Check
from native_host.selftest.files import load_json


def _has_key(code: Any, secret: bytes, public: bytes) -> bool:
    if code.public_key(secret) != public:
        return False
    return bool(code.verify(public, data=b"message", signature=code.sign(bytearray(secret), data=b"message", public=public)))


def _is_key(code: Any, public: bytes) -> bool:
    return bool(code.public_jwk(public).x == public)


def _cases(path: str) -> Iterator[Case]:
    vectors, code = load_json(path), import_module("native_host.suites.sr25519")
    for key in vectors["keys"]:
        run = partial(_has_key, code, bytes.fromhex(key["secret"]), bytes.fromhex(key["public"]))
        yield Case(name=key["name"], valid=True, run=run)
    for test in vectors["signatures"]:
        public, message, signature = (bytes.fromhex(test[name]) for name in ("public", "message", "signature"))
        yield Case(name=test["name"], valid=test["valid"], run=partial(code.verify, public, data=message, signature=signature))
    for text in vectors["not_canonical"]:
        yield Case(name=text, valid=False, run=partial(_is_key, code, bytes.fromhex(text)))


CHECKS: tuple[Check, ...] = (Check(standard="schnorrkel, RFC 9496", alg="sr25519", package="", path="sr25519.json", cases=_cases),)
