"""Keys by where they are: which code computes with a key, and what a key elsewhere needs before it is used.

A local key's code is its suite's. A key in a PKCS#11 token has the token's, with a reference in the secret's place; verifying, and
everything else with a public part, stays the suite's. A token is logged in to before a call is performed, with no transaction open
and no lock held while the person types: once in a process, and again after a lock.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from msgspec import UNSET

from native_host.backends import LOCAL, PKCS11, TOKEN_ALGS, token_usages
from native_host.encodings.base64url import decode_base64url
from native_host.errors import InvalidParams, KmsError, Locked, Unsupported
from native_host.operations import records
from native_host.operations.keep import new_secret
from native_host.protocol.messages import DestroyKeyParams, GenerateKeyParams, RotateKeyParams
from native_host.protocol.transactions import SignPsbtParams, SignTransactionParams, SignTypedDataParams
from native_host.protocol.uses import (
    DecryptParams,
    DeriveSecretParams,
    EncryptParams,
    SignJwsParams,
    SignMessageParams,
    SignParams,
    UnwrapKeyParams,
    WrapKeyParams,
)
from native_host.suites.table import SUITES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.backends.pkcs11 import Reference, Tokens
    from native_host.keystore.records import Record
    from native_host.operations.house import House
    from native_host.secret import SecretBytes
    from native_host.session import Session
    from native_host.suites import kinds
    from native_host.suites.table import Suite
    from native_host.tokens.client import TokenInfo

_USES = (
    SignParams,
    SignMessageParams,
    SignJwsParams,
    SignTransactionParams,
    SignTypedDataParams,
    SignPsbtParams,
    DecryptParams,
    DeriveSecretParams,
    WrapKeyParams,
    UnwrapKeyParams,
    RotateKeyParams,
    DestroyKeyParams,
)


def tokens_of(house: House) -> Tokens:
    """The tokens that keys of this house can be in."""
    return house.elsewhere.tokens(house.settings.pkcs11)


def signatures_of(house: House, record: Record, suite: Suite) -> kinds.Signatures:
    """The code that signs with a key; raises ``Unsupported``."""
    return cast("kinds.Signatures", _code(house, record, suite))


def ciphers_of(house: House, record: Record, suite: Suite) -> kinds.Ciphers:
    """The code that encrypts and decrypts with a secret key."""
    return cast("kinds.Ciphers", _code(house, record, suite))


def public_ciphers_of(house: House, record: Record, suite: Suite) -> kinds.PublicCiphers:
    """The code that decrypts with a private key."""
    return cast("kinds.PublicCiphers", _code(house, record, suite))


def agreements_of(house: House, record: Record, suite: Suite) -> kinds.Agreements:
    """The code that agrees on a secret with a private key."""
    return cast("kinds.Agreements", _code(house, record, suite))


def wraps_of(house: House, record: Record, suite: Suite) -> kinds.Wraps:
    """The code that wraps and unwraps with a secret key."""
    return cast("kinds.Wraps", _code(house, record, suite))


def _code(house: House, record: Record, suite: Suite) -> Any:
    if record.metadata.backend == LOCAL:
        return suite.code()
    from native_host.backends.token_suite import token_suite

    return token_suite(tokens_of(house), suite, records.public_as(record, suite) if suite.has_public else None)


# a new key


def check_new(house: House, params: GenerateKeyParams, suite: Suite) -> str:
    """Where a new key is to be.

    Raises:
        Unsupported: this computer has no such place, or no key of that algorithm or for that use in it.
        InvalidParams: a token is named for a key that is to be in none.
    """
    place = LOCAL if params.backend is UNSET else params.backend
    if place == LOCAL and params.token is not UNSET:
        raise InvalidParams("Only a key of the backend pkcs11 is in a token.", path="token")
    if place == LOCAL:
        return place
    if place != PKCS11 or not tokens_of(house).are_configured():
        raise Unsupported(detail=place)
    if suite.alg not in TOKEN_ALGS:
        raise Unsupported("Tokens have no keys of this algorithm.", detail=suite.alg)
    able = token_usages(suite)
    missing = [usage for usage in ([] if params.usages is UNSET else params.usages) if usage not in able]
    if missing:
        raise Unsupported("A key in a token cannot be used for that.", detail=missing[0])
    return place


@contextmanager
def new_key(
    house: House, suite: Suite, token: TokenInfo | None, *, modulus_length: int | None = None, like: bytes | None = None
) -> Iterator[tuple[SecretBytes, bytes | None]]:
    """A fresh key for the block, local or in a token: its secret or reference, and its public part. A block that fails leaves none behind."""
    if token is None:
        with new_secret(house, suite, modulus_length=modulus_length, like=like) as secret:
            yield secret, suite.pairs().public_key(secret.buffer) if suite.has_public else None
        return
    from native_host.backends.pkcs11 import decode_reference
    from native_host.backends.token_suite import token_suite

    tokens = tokens_of(house)
    code = token_suite(tokens, suite, token=token)
    with new_secret(house, suite, modulus_length=modulus_length, like=like, code=code) as reference:
        try:
            yield reference, code.public_key(reference.buffer) if suite.has_public else None
        except BaseException:
            with _as_far_as_it_goes():
                tokens.call(decode_reference(reference.buffer), "destroy_key")
            raise


def chosen_token(house: House, params: GenerateKeyParams) -> TokenInfo:
    """The token that a new key is to be in; raises ``InvalidParams`` if several could be meant, ``TokenAbsent``."""
    with house.aside():
        return tokens_of(house).choose(None if params.token is UNSET else params.token)


def token_of(house: House, record: Record) -> TokenInfo | None:
    """The token that a key is in; ``None`` for a local key. Raises ``TokenAbsent``."""
    if record.metadata.backend == LOCAL:
        return None
    reference = reference_of(house, record)
    with house.aside():
        return tokens_of(house).find(reference)


def reference_of(house: House, record: Record) -> Reference:
    """Where a key elsewhere is; raises ``CannotUnseal``."""
    from native_host.backends.pkcs11 import decode_reference

    with house.store.unseal_secret(record) as sealed:
        return decode_reference(sealed.buffer)


def destroy(house: House, record: Record) -> bool:
    """Destroy a key in its token; whether it is still there, as far as is known. What was adopted is not ours to destroy."""
    if record.metadata.backend == LOCAL:
        return False
    if record.metadata.provenance != "generated":
        return True
    from native_host.tokens.errors import TokenError, TokenRefuses

    try:
        tokens_of(house).call(reference_of(house, record), "destroy_key")
    except TokenRefuses as error:
        return error.reason_name != "NoSuchKey"
    except TokenError:
        return True
    return False


@contextmanager
def _as_far_as_it_goes() -> Iterator[None]:
    from contextlib import suppress

    with suppress(KmsError):
        yield


# before a call is performed


def needs_ready(house: House, params: object) -> bool:
    """Whether a call makes something in a token, or has to wait for one to be logged in to. Whose key it is does not matter yet."""
    if isinstance(params, GenerateKeyParams):
        return params.backend == PKCS11
    key_id = _used(params)
    if key_id is None or not house.store.is_unlocked:
        return False
    try:
        record = house.store.read(decode_base64url(key_id))
    except ValueError:
        return False
    if record is None or record.metadata.backend == LOCAL or record.metadata.state == "destroyed":
        return False
    return isinstance(params, RotateKeyParams | DestroyKeyParams) or not tokens_of(house).is_ready(reference_of(house, record))


def make_ready(house: House, session: Session, params: object) -> None:
    """Have the person log in to the token that a call needs, unless this process is logged in to it.

    Raises:
        UserRejected, Cancelled, PinWrong, PinLocked, TokenAbsent, ModuleBroken, Locked
    """
    from native_host.operations.token_login import log_in

    if isinstance(params, GenerateKeyParams):
        if params.backend == PKCS11:
            _import_meanwhile(house, params.alg)
            log_in(house, session, chosen_token(house, params))
            _check_unlocked(house)
        return
    key_id = _used(params)
    record = None if key_id is None else records.find(house.store, session, key_id)
    if record is None or record.metadata.backend == LOCAL or tokens_of(house).is_ready(reference_of(house, record)):
        return
    if isinstance(params, DestroyKeyParams):
        _ready_to_destroy(house, session, record)
        return
    _import_meanwhile(house, record.metadata.alg)
    token = token_of(house, record)
    if token is not None:
        log_in(house, session, token)
        _check_unlocked(house)


def _import_meanwhile(house: House, alg: str) -> None:
    """What the call is about to need, while the processes that hold the modules start: each takes about as long as the other."""
    tokens_of(house).begin()
    if alg in SUITES:
        SUITES[alg].code()


def _check_unlocked(house: House) -> None:
    """Nobody has locked the store while the person typed: a lock logs out, and this login came after it."""
    if not house.store.is_unlocked:
        house.elsewhere.forget()
        raise Locked


def _ready_to_destroy(house: House, session: Session, record: Record) -> None:
    """A key whose token is lost can be destroyed here all the same; a PIN is asked for only if it helps."""
    from native_host.operations.token_login import log_in
    from native_host.tokens.errors import TokenError

    if record.metadata.provenance != "generated":
        return
    try:
        token = token_of(house, record)
    except TokenError:
        return
    if token is not None:
        log_in(house, session, token)
        _check_unlocked(house)


def _used(params: object) -> str | None:
    """The id of the key with whose own part a call computes, or that it makes anew or destroys."""
    if isinstance(params, EncryptParams):
        suite = SUITES.get(params.alg)
        if suite is None or suite.kind != "cipher" or params.key_id is UNSET:
            return None
        return str(params.key_id)
    return str(params.key_id) if isinstance(params, _USES) else None
