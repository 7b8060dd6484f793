"""What can go wrong with a token, and the return values of PKCS#11 (v3.1, section 5.1.6) that mean it.

The worker sends the name of python-pkcs11's exception, never its text: a module's words go to no log and to no extension.
"""

from __future__ import annotations

from typing import Any

from native_host.errors import BackendUnavailable, CannotUnseal

DETAIL = "pkcs11"


class TokenError(BackendUnavailable):
    """Base of what a token, its module or the list of modules refuses with. ``reason_name`` is PKCS#11's own word for it, if there is one."""

    default_message = "The token cannot do this now."

    def __init__(self, message: str | None = None, *, reason_name: str = "") -> None:
        super().__init__(message, detail=DETAIL)
        self.reason_name = reason_name


class TokenAbsent(TokenError):
    default_message = "The token is not here, or was taken out. Connect it and try again."


class NotLoggedIn(TokenError):
    default_message = "The token waits for its PIN. Unlock it again."


class PinLocked(TokenError):
    default_message = "The token has locked its PIN after too many wrong ones. Its administrator's PIN (SO PIN, PUK) sets a new one."


class MechanismMissing(TokenError):
    default_message = "This token cannot do what is asked. Choose another method or another token."


class TokenRefuses(TokenError):
    """Everything else that a token refuses with; ``reason_name`` says what."""


class ModuleBroken(TokenError):
    """The module crashed, hung or spoke rubbish. Its process is gone; the next call starts another one, which nobody is logged in to."""

    default_message = (
        "The token's PKCS#11 module crashed or does not answer. Connect the token anew and try again, or ask its maker for a newer module."
    )


class ModulesRefused(TokenError):
    """The list of modules, or a module on it, is not as an administrator alone could have made it."""

    default_message = "The PKCS#11 module is not the one that was listed. Its administrator lists it anew."


class TwoTokens(TokenError):
    default_message = "Two tokens with the same serial number are connected. Take one of them out."


class PinWrong(CannotUnseal):
    """The token refused the PIN. PKCS#11 counts no tries, it has flags: ``tries_left`` is 1 before the last try, 0 when locked, else ``None``."""

    default_message = "The token refused this PIN."

    def __init__(self, message: str | None = None, *, tries_left: int | None = None) -> None:
        super().__init__(message)
        self.tries_left = tries_left


_ABSENT = ("TokenNotPresent", "TokenNotRecognised", "DeviceRemoved", "NoSuchToken", "SlotIDInvalid")
_NOT_LOGGED_IN = ("UserNotLoggedIn", "SessionHandleInvalid", "SessionClosed")
_MISSING = ("MechanismInvalid", "MechanismParamInvalid", "FunctionNotSupported")

SESSION_GONE = frozenset((*_ABSENT, "SessionHandleInvalid", "SessionClosed"))
"""After these a session is of no more use."""

WRONG_PIN = frozenset(("PinIncorrect", "PinInvalid", "PinLenRange"))

_BY_NAME: dict[str, type[TokenError]] = {
    **dict.fromkeys(_ABSENT, TokenAbsent),
    **dict.fromkeys(_NOT_LOGGED_IN, NotLoggedIn),
    **dict.fromkeys(_MISSING, MechanismMissing),
    "MemoryError": ModuleBroken,  # it said that it has more of something than there is memory for
    **{kind.__name__: kind for kind in (TokenAbsent, NotLoggedIn, PinLocked, MechanismMissing, ModuleBroken, ModulesRefused, TwoTokens)},
}


def error_of(name: str, tries_left: int | None = None) -> TokenError | PinWrong:
    """The error that a name from the worker stands for: a class of ours, or of ``pkcs11.exceptions``."""
    if name in WRONG_PIN or name == PinWrong.__name__:
        return PinWrong(tries_left=tries_left)
    options: dict[str, Any] = {"reason_name": name}
    return _BY_NAME.get(name, TokenRefuses)(**options)
