"""Every kind of window as a picture, light and dark, at two resolutions: to be looked at.

``STRONGROOM_ARTEFACTS`` names a folder that gets the pictures; without it nothing is drawn but the windows.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from native_host.protocol.approver import CallerFacts, GrantOffer, KeyFacts, ReviewAsk
from native_host.protocol.messages import Page
from native_host.protocol.uses import SignMessageParams, SignParams
from native_host.protocol.wire import Base64Url, Message
from native_host.review.requests import review
from native_host.review.subject import Subject
from native_host.session import DEVELOPMENT
from tests.window.money import ASKS as MONEY
from tests.window.money import message_of

WORDS = (
    "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd "
    "amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless"
)  # BIP39, trezor vectors, 3rd of 24 words

CODE = "000G 40R4 0M30 E209 185G R38E 1W8F"
SHARE = (
    "eraser senior decision roster beard treat identify grumpy salt index fake aviation theater cubic bike cause research dragon emphasis"
    " counter"
)  # SLIP-0039, vectors, 1st of 128 bits

KEY_ID = "k" * 22
SUBJECT = Subject(address="0x52908400098527886E0F7030069857D2E4169EE7", path="m/44'/60'/0'/0/0")
PAGE = Page(origin="https://vote.example")
VOTE = b"I vote for proposal 41 of the example cooperative.\n\nVoter: 7713\nIssued: 2026-11-20T09:30:00Z"
CONTRACT = "\n".join(f"Clause {n}. The undersigned agrees to term number {n} of this long agreement. 😀 שלום" for n in range(1, 80))
OFFERS = [
    GrantOffer(id=f"uses:{uses}", text=f"Also allow the next {uses} messages with this key without asking, until locked")
    for uses in (10, 100)
]


def asked(method: str, params: Message, *evidence: str, grants: list[GrantOffer]) -> dict[str, Any]:
    """The ask that the host makes of these params."""
    made = review(params, SUBJECT)
    sentences = [*evidence, "Started by Chromium (/usr/lib/chromium/chromium)."]
    caller = CallerFacts(origin="chrome-extension://knldjmfmopnpolahpmmgbagdohdnhkik/", browser="Chromium", evidence=sentences)
    key = KeyFacts(label="Savings", alg="ES256K")
    ask = ReviewAsk(
        id=1, method=method, title=made.title, caller=caller, key=key, facts=list(made.facts), warnings=list(made.warnings), grants=grants
    )
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(ask))
    return decoded


def message(data: bytes) -> SignMessageParams:
    return SignMessageParams(key_id=KEY_ID, format="eip191", message=Base64Url(data), page=PAGE)


BLIND = SignParams(key_id=KEY_ID, digest=Base64Url(bytes(range(32))), page=Page(origin="https://xn--vte-sed.example"))
ASKS: dict[str, dict[str, Any]] = {
    "review": asked("signMessage", message(VOTE), grants=OFFERS),
    "review-warned": asked("sign", BLIND, DEVELOPMENT, grants=[]),
    "review-long": asked("signMessage", message(CONTRACT.encode()), grants=OFFERS),
    "review-hex": asked("signMessage", message(bytes(range(255, 0, -1))), grants=[]),
    **{name: message_of(MONEY[name]) for name in ("pay-token", "pay-typed", "permit", "blind", "bitcoin-several", "solana")},
    "unlock": {"id": 1, "kind": "askSecret", "purpose": "unlock", "title": "Unlock Strongroom"},
    "unlock-again": {
        "id": 1,
        "kind": "askSecret",
        "purpose": "unlock",
        "title": "Unlock Strongroom",
        "hint": "Wrong passphrase. 2 tries left.",
    },
    "new-passphrase": {"id": 1, "kind": "askSecret", "purpose": "newPassphrase", "title": "Choose a passphrase for your keys"},
    "bip39-passphrase": {"id": 1, "kind": "askSecret", "purpose": "bip39Passphrase", "title": "Restore a seed"},
    "words-typed": {"id": 1, "kind": "askSecret", "purpose": "mnemonic", "title": "Type your recovery words"},
    "words-hidden": {"id": 1, "kind": "showSecret", "purpose": "mnemonic", "title": "Your recovery words", "secret": WORDS},
    "words-shown": {"id": 1, "kind": "showSecret", "purpose": "mnemonic", "title": "Your recovery words", "secret": WORDS},
    "key-file": {"id": 1, "kind": "askSecret", "purpose": "keyFile", "title": "Choose the key file, or paste its text"},
    "key-file-again": {
        "id": 1,
        "kind": "askSecret",
        "purpose": "keyFile",
        "title": "Choose the key file, or paste its text",
        "hint": "There is no private key in this file, at most a public one. Choose the file that says PRIVATE KEY.",
    },
    "key-file-password": {
        "id": 1,
        "kind": "askSecret",
        "purpose": "keyFilePassword",
        "title": "Type the password of the key file",
        "hint": "The password does not open this key file. Type it again; if you are sure of it, the file is damaged. 2 tries left.",
    },
    "new-pin": {
        "id": 1,
        "kind": "askSecret",
        "purpose": "newPin",
        "title": "Choose a PIN for this computer's TPM",
        "hint": "A PIN for the TPM has 6 to 32 characters, which may be letters; one with an accent counts double.",
    },
    "pin-again": {
        "id": 1,
        "kind": "askSecret",
        "purpose": "pin",
        "title": "Type the PIN of your security key, then touch it when it blinks",
        "hint": "5 tries are left until the key locks itself.",
    },
    "recovery-code-typed": {"id": 1, "kind": "askSecret", "purpose": "recoveryCode", "title": "Type your recovery code"},
    "recovery-code-wrong": {
        "id": 1,
        "kind": "askSecret",
        "purpose": "recoveryCode",
        "title": "Type your recovery code back, to be sure that it is written down",
        "hint": "This is not the code that was shown. Compare it with what you wrote down.",
    },
    "recovery-code-hidden": {
        "id": 1,
        "kind": "showSecret",
        "purpose": "recoveryCode",
        "title": "Write down your recovery code",
        "secret": CODE,
    },
    "recovery-code-shown": {
        "id": 1,
        "kind": "showSecret",
        "purpose": "recoveryCode",
        "title": "Write down your recovery code",
        "secret": CODE,
    },
    "share-typed": {"id": 1, "kind": "askSecret", "purpose": "share", "title": "Type the words of your next share (1 of 2 typed)"},
    "share-shown": {
        "id": 1,
        "kind": "showSecret",
        "purpose": "share",
        "title": "Share 1 of 3: write down all of its words",
        "secret": " ".join([*SHARE.split(), *SHARE.split()[:13]]),
    },
    "backup": {"id": 1, "kind": "askSecret", "purpose": "backup", "title": "Passphrase of the backup"},
    "code": {"id": 1, "kind": "compareCode", "title": "Pair with the extension?", "code": "48219937"},
}
ARTEFACTS = Path(os.environ["STRONGROOM_ARTEFACTS"]) if "STRONGROOM_ARTEFACTS" in os.environ else None
KEY_FILE = (
    '{"crypto": {"cipher": "aes-128-ctr", "kdf": "scrypt", "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"}}'
)
TYPED = {
    "unlock": "correct horse",
    "new-passphrase": "anvil copper\tanvil",
    "words-typed": "letter advice cage absurd amuont doctor aco",
    "new-pin": "123456\t12345",
    "recovery-code-typed": CODE.lower(),
    "recovery-code-wrong": "0041-0610-r3gg-28u1-c60t",
    "share-typed": f"{SHARE[:90]} duck",
    "key-file-again": f"\t{KEY_FILE}",
}


pytestmark = pytest.mark.window


@pytest.mark.parametrize("dpi", [96, 192])
@pytest.mark.parametrize("theme", ["Adwaita", "Adwaita-dark"])
@pytest.mark.parametrize("name", ASKS)
def test_window_fits_the_screen(window_on: Callable[..., Any], name: str, theme: str, dpi: int) -> None:
    """The whole window is on the screen, at every resolution, and twice as large in pixels where a point is twice as many."""
    window = window_on(dpi, GTK_THEME=theme)
    window.ask(ASKS[name])
    for number, text in enumerate(TYPED.get(name, "").split("\t")):
        if number:
            window.key("Tab")
        window.type(text)
    if name.endswith("-shown"):
        window.key("space")
    if ARTEFACTS is not None:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        (ARTEFACTS / f"{name}{'-dark' if 'dark' in theme else ''}-{dpi}.png").write_bytes(window.picture())
    (left, top), (width, height) = window.corner(), window.size()
    assert min(left, top) >= 0
    assert left + width <= dpi * 10
    assert top + height <= dpi * 9
    assert abs(width - 470 / 72 * dpi) <= 60 / 72 * dpi
