"""Keys that are never here: where they are, what they can do there, and how that is asked of them.

A record of such a key holds, in its secret's place, a sealed *reference*. Importing this package imports no library; which
algorithms a backend has can be asked without one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from native_host.config import Paths
    from native_host.suites.table import Suite

LOCAL, PKCS11 = "local", "pkcs11"

TOKEN_ALGS = frozenset({
    "ES256", "ES384", "ES512", "ES256K", "ES256K-R", "Ed25519", "Ed448",
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "RSA-OAEP", "RSA-OAEP-256",
    "ECDH-P256", "ECDH-P384", "ECDH-P521", "A128GCM", "A192GCM", "A256GCM", "A128KW", "A192KW", "A256KW",
})  # fmt: skip
"""What a key in a PKCS#11 token can have, if its token can. BIP340 has no mechanism; X25519 has one that python-pkcs11 cannot name."""

TOKEN_FORMATS = frozenset({"eip191", "siwe", "adr36", "solana", "solana-offchain"})
"""Formats of messages that need no more of a key than a signature."""

_MESSAGES = frozenset({"ES256K", "ES256K-R", "Ed25519"})
_ETHEREUM = frozenset({"ES256K", "ES256K-R"})


def token_usages(suite: Suite) -> tuple[str, ...]:
    """What a key of this algorithm may be used for in a token: what needs the key itself, and nothing that computes with its secret."""
    match suite.kind:
        case "signature":
            message = ("message",) if suite.alg in _MESSAGES else ()
            decoded = ("typedData", "transaction") if suite.alg in _ETHEREUM else ("transaction",) if suite.alg == "Ed25519" else ()
            return ("sign", "verify", *message, *decoded, *(("jws",) if suite.jws_alg else ()))
        case "agreement":
            return ("deriveSecret",)
        case _:
            return suite.usages


def offered(paths: Paths) -> list[str]:
    """The backends that ``hello`` names: tokens where an administrator has made a list of modules. It is not read for this."""
    from native_host.tokens.listed import default_file

    listed = _named_file(paths) or default_file()
    return [LOCAL, PKCS11] if os.path.exists(listed) else [LOCAL]


def _named_file(paths: Paths) -> str | None:
    """The list that ``config.toml`` names, if it speaks of one: the file is parsed, at some milliseconds, only then."""
    try:
        with open(paths.config_file, "rb") as file:
            if b"pkcs11" not in file.read():
                return None
    except OSError:
        return None
    from native_host.config import ConfigError, read_config

    try:
        return read_config(paths).pkcs11.modules
    except ConfigError:
        return None
