"""What goes wrong with a token, as providers of slots say it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from native_host.kek.provider import DeviceAbsent, DeviceRefuses, WrongSecret
from native_host.tokens.errors import ModuleBroken, NotLoggedIn, PinWrong, TokenAbsent, TokenError

if TYPE_CHECKING:
    from collections.abc import Iterator

KIND = "pkcs11"
NO_KEY = (
    "The token has no key for this slot any more: it was removed, or the token was set up anew. Open the keystore another way,"
    " remove this slot and add it again."
)


@contextmanager
def told() -> Iterator[None]:
    """Turn the errors of ``tokens`` into those of providers: ``WrongSecret``, ``DeviceAbsent`` and ``DeviceRefuses``."""
    try:
        yield
    except PinWrong as error:
        raise WrongSecret(str(error), tries_left=error.tries_left) from None
    except (TokenAbsent, NotLoggedIn, ModuleBroken) as error:
        raise DeviceAbsent(str(error), detail=KIND) from None
    except TokenError as error:
        raise DeviceRefuses(NO_KEY if error.reason_name == "NoSuchKey" else str(error), detail=KIND) from None
