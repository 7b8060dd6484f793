"""A private JSON Web Key (RFC 7517) in a file, read as ``private_jwk`` reads the ones of callers."""

from __future__ import annotations

from msgspec import UNSET

from native_host.suites.importing.imported import CannotImport, Imported, NotThisForm, checked_text, choose, imported
from native_host.suites.kinds import Secret
from native_host.suites.private_jwk import read_members, secret_of_members
from native_host.suites.table import SUITES


def read_jwk(text: Secret, *, alg: str = "") -> Imported:
    """The key of a JWK for ``alg``, or for the one that it names or is the only one of its kind. ``public`` is empty for ``oct``.

    Raises:
        NotThisForm: if it is no JWK.
        ChooseAlgorithm: if ``alg`` is empty and several take such a key.
        CannotImport: if ``alg`` takes other keys, or the JWK is incomplete or its public members are not those of its secret.
    """
    try:
        members = read_members(checked_text(text).encode())
    except ValueError:
        raise NotThisForm("This is not a JSON Web Key. Choose the file that holds the one key, not a set of keys.") from None
    crv, named = ("" if member is UNSET else member for member in (members.crv, members.alg))
    suite = SUITES[choose(alg, members.kty, crv, named)]
    try:
        secret = secret_of_members(members, suite)
    except ValueError:
        raise CannotImport(
            "This JSON Web Key is not a whole private key: a member is missing or wrong, or its public members belong to another key."
            " Export it again from where it came from."
        ) from None
    if not suite.has_public:
        return Imported(alg=suite.alg, secret=secret, public=b"")
    return imported(suite.alg, secret)
