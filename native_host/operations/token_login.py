"""Logging in to a token: its PIN, asked of the person in the host's own window, with no lock held and no transaction open.

A token counts wrong PINs and locks for good after few of them, often three. PKCS#11 does not say how many are left, but that the next
one is the last: that is said before it is typed. No PIN is ever tried that was not typed for this very try.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.backends.pkcs11 import of_token
from native_host.language import sentence, words
from native_host.operations.backends import tokens_of
from native_host.review.text import visible
from native_host.tokens.errors import PinLocked, PinWrong, TokenRefuses

if TYPE_CHECKING:
    from native_host.operations.house import House
    from native_host.secret import SecretBytes
    from native_host.session import Session
    from native_host.tokens.client import TokenInfo

TRIES = 3
LAST = "This is the last try: one more wrong PIN locks the token."
BEFORE = "A wrong PIN was typed for this token since the last right one."
WRONG = "That PIN was wrong. Tries left here: {left}. The token itself may lock sooner, and does not say when."
NO_PIN = "This token has no PIN yet. Set one with its maker's program first."
AT_THE_READER = "Type the PIN at the token or its reader once you have said yes."


def log_in(house: House, session: Session, token: TokenInfo) -> None:
    """Log in to a token, unless this process has, asking at most ``TRIES`` times.

    Raises:
        UserRejected, Cancelled
        PinWrong: the last one was wrong too. PinLocked: no further one is taken.
        TokenAbsent, ModuleBroken, TokenRefuses
    """
    with house.aside():
        if tokens_of(house).is_open(token):
            return
    hint = BEFORE if token.count_low else None
    for tried in range(1, TRIES + 1):
        if token.locked:
            raise of_token(PinLocked())
        if not token.pin_pad and not token.pin_set:
            raise of_token(TokenRefuses(NO_PIN))
        try:
            _try_once(house, session, token, LAST if token.final_try else hint)
        except PinWrong as error:
            if tried == TRIES or error.tries_left == 0:
                raise
            token = _as_it_is_now(house, token)
            hint = sentence(WRONG, left=TRIES - tried)
            continue
        return


def _try_once(house: House, session: Session, token: TokenInfo, hint: str | None) -> None:
    title = sentence("PIN of the token {token}", token=visible(token.label))
    if token.pin_pad:
        from native_host.review.keystore import ready_review

        house.approver.review(
            "unlock", ready_review(title, " ".join(map(words, filter(None, (AT_THE_READER, hint))))), session.caller_facts(), None, ()
        )
        _log_in(house, token, None)
        return
    with house.approver.ask_secret("pin", title, hint) as pin:
        _log_in(house, token, pin)


def _log_in(house: House, token: TokenInfo, pin: SecretBytes | None) -> None:
    with house.aside():
        tokens_of(house).log_in(token, pin)


def _as_it_is_now(house: House, token: TokenInfo) -> TokenInfo:
    with house.aside():
        return tokens_of(house).choose(token.serial)
