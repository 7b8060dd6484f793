"""Calls that many tests of the whole host make."""

from __future__ import annotations

import json
from typing import Any

import pytest

from native_host.testing.port import HostError, Port
from tests.homes import Home, refusal, seal_for_import

FAILED = (5012, {"reason": "decryption_failed"})
NOT_ALLOWED = (5004, {"reason": "usage_not_allowed"})
STATE = (5003, {"reason": "key_state"})
DUPLICATE = (5011, {"reason": "duplicate"})


def invalid(path: str) -> tuple[int, dict[str, Any]]:
    return -32602, {"reason": "invalid_params", "path": path}


def unsupported(detail: str) -> tuple[int, dict[str, Any]]:
    return 4200, {"reason": "unsupported", "detail": detail}


def refused(port: Port, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    """How a call is refused."""
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return refusal(caught.value)


def generate(port: Port, alg: str, **members: Any) -> dict[str, Any]:
    """A new key; an RSA key of the least length, which is the fastest."""
    from native_host.suites.table import SUITES

    size = {"modulusLength": 2048} if alg in SUITES and SUITES[alg].kty == "RSA" else {}
    key: dict[str, Any] = port.request("generateKey", {"alg": alg, **size, **members})
    return key


def import_jwk(port: Port, jwk: dict[str, Any], alg: str, **members: Any) -> dict[str, Any]:
    """A key that comes in as a JWE of a JWK."""
    offer = port.request("getImportKey")
    params = {"importKeyId": offer["importKeyId"], "jwe": seal_for_import(offer, json.dumps(jwk).encode()), "alg": alg}
    key: dict[str, Any] = port.request("importKey", {**params, **members})
    return key


def restore(home: Home, port: Port, words: str, passphrase: str = "", **members: Any) -> str:
    """A seed from words that a person types."""
    home.approver.type_secret("mnemonic", words)
    home.approver.type_secret("bip39Passphrase", passphrase)
    key_id: str = port.request("restoreSeed", members)["keyId"]
    return key_id
