"""An algorithm of keys in tokens: by the contract of ``suites.kinds``, with a reference in the secret's place.

A token does what needs the key and nothing else; everything with a public part is the suites' own code. Nothing that a token says is
taken on trust: a signature is verified here before it leaves, a public key must be one, and a new key is tried once with what only
its holder can do.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from native_host.backends.pkcs11 import decode_reference, encode_reference, of_token
from native_host.backends.token_forms import form_of, public_of
from native_host.errors import BackendUnavailable, KmsError, Unsupported
from native_host.suites.fault import SigningFault
from native_host.tokens.errors import MechanismMissing, TokenError, TokenRefuses

if TYPE_CHECKING:
    from native_host.backends.pkcs11 import Described, Reference, Tokens
    from native_host.encodings.jwk import Jwk
    from native_host.suites.kinds import RandomBytes, Secret
    from native_host.suites.table import Suite
    from native_host.tokens.client import TokenInfo

LABEL = "Strongroom"
"""What a key is called in the token, where other programs read it: the wallet's own name for it stays in the keystore."""
TRIED = b"Strongroom tries a new key with this."


class TokenSuite(ABC):
    """One algorithm in the tokens. ``public`` is the key's own, of this algorithm, where there is a key already."""

    def __init__(self, tokens: Tokens, suite: Suite, public: bytes | None = None, token: TokenInfo | None = None) -> None:
        self.form = form_of(suite)
        self._tokens, self._suite, self._public, self._token = tokens, suite, public, token

    # of every kind: a key is made, in the token that was given

    def generate_secret(self, random_bytes: RandomBytes, *, modulus_length: int = 3072) -> bytearray:
        """A new key in the token, tried once; its reference.

        Raises:
            MechanismMissing, NotLoggedIn, TokenAbsent, ModuleBroken, TokenRefuses
        """
        del random_bytes  # the token has its own
        if self._token is None:
            raise BackendUnavailable(detail="token")
        form = self.form
        bits = modulus_length if form.kind == "RSA" else form.bits
        reference, described = self._tokens.make(self._token, form.kind, use=form.use, label=LABEL, params=form.params, bits=bits)
        try:
            self._public = self._public_of(described)
            self.prove(reference)
        except BaseException:
            with suppress(KmsError):
                self._tokens.call(reference, "destroy_key")
            raise
        return encode_reference(reference)

    def public_key(self, secret: Secret) -> bytes:
        """The raw public key of the key that a reference names, from its token."""
        return self._public_of(self._tokens.describe(decode_reference(secret))) or b""

    def check_secret(self, secret: Secret) -> None:
        decode_reference(secret)

    def parse_public(self, jwk: Jwk) -> bytes:
        return self._suite.pairs().parse_public(jwk)

    def public_jwk(self, public: bytes) -> Jwk:
        return self._suite.pairs().public_jwk(public)

    @abstractmethod
    def prove(self, reference: Reference) -> None:
        """See that the token's key does what the public key at hand asks of it; raises what using it raises, ``MechanismMissing``."""

    def _public_of(self, described: Described) -> bytes | None:
        try:
            return public_of(self._suite, described)
        except ValueError:
            raise of_token(TokenRefuses("The token gave no usable public key of the key that it made.")) from None

    def _call(self, secret: Secret, method: str, **params: Any) -> bytes:
        result = self._tokens.call(decode_reference(secret), method, **params)
        if not isinstance(result, bytes):
            raise SigningFault
        return result

    def _call_secret(self, secret: Secret, method: str, **params: Any) -> bytearray:
        with self._tokens.call_secret(decode_reference(secret), method, **params) as found:
            return bytearray(found.buffer)

    def _unlike(self) -> TokenError:
        text = f"This token cannot do {self._suite.alg} as the standard has it. Choose another algorithm or another token."
        return of_token(MechanismMissing(text))


def token_suite(tokens: Tokens, suite: Suite, public: bytes | None = None, token: TokenInfo | None = None) -> Any:
    """The code of an algorithm for keys in tokens; ``token`` is where ``generate_secret`` makes one. Raises ``Unsupported``."""
    from native_host.backends import TOKEN_ALGS

    if suite.alg not in TOKEN_ALGS:
        raise Unsupported("Tokens have no keys of this algorithm.", detail=suite.alg)
    from native_host.backends import token_ciphers, token_signatures

    by_kind: dict[str, type[TokenSuite]] = {
        "signature": token_signatures.TokenSignatures,
        "publicCipher": token_ciphers.TokenOaep,
        "agreement": token_ciphers.TokenAgreement,
        "cipher": token_ciphers.TokenGcm,
        "wrap": token_ciphers.TokenWrap,
    }
    return by_kind[suite.kind](tokens, suite, public, token)
