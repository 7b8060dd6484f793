"""Every kind of window as a picture, light and dark, at two resolutions: to be looked at.

``STRONGROOM_ARTEFACTS`` names a folder that keeps the pictures.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

WORDS = (
    "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd "
    "amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless"
)  # BIP39, trezor vectors, 3rd of 24 words

CALLER = {
    "origin": "chrome-extension://knldjmfmopnpolahpmmgbagdohdnhkik/",
    "browser": "Chromium 141",
    "evidence": [
        "Started by /usr/lib/chromium/chromium, which the system's package manager owns.",
        "Attached to the wallet “Main” since 3 November 2026.",
    ],
}
REVIEW: dict[str, Any] = {
    "id": 1,
    "kind": "review",
    "method": "signMessage",
    "title": "Sign an Ethereum message",
    "caller": CALLER,
    "key": {"label": "Savings", "alg": "ES256K"},
    "facts": [
        {"label": "Account", "value": "0x52908400098527886E0F7030069857D2E4169EE7", "kind": "address"},
        {"label": "Path", "value": "m/44'/60'/0'/0/0", "kind": "path"},
        {"label": "Web page", "value": "https://vote.example (said by the extension)", "kind": "origin"},
        {
            "label": "Message",
            "value": "I vote for proposal 41 of the example cooperative.\n\nVoter: 7713\nIssued: 2026-11-20T09:30:00Z",
            "kind": "message",
        },
    ],
    "warnings": [],
    "grants": [{"id": "session-5", "text": "Allow this key to sign 5 more messages until locked"}],
}
WARNED = {
    **REVIEW,
    "title": "Sign bytes blindly",
    "facts": [
        {"label": "Account", "value": "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu", "kind": "address"},
        {"label": "Digest", "value": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "kind": "hex"},
        {"label": "Web page", "value": "https://vote.example/⁦\u202egpj.exe", "kind": "origin"},
    ],
    "warnings": [
        "This is blind: Strongroom cannot tell what these bytes mean. They can be a transaction that moves all you have.",
        "The extension was loaded unpacked, for development. Anyone can load an extension under this id.",
    ],
    "grants": [],
}
LONG = {
    **REVIEW,
    "facts": [
        *REVIEW["facts"][:2],
        {"label": "Message", "value": "\n".join(f"Clause {n}. The undersigned agrees to term number {n} of this long agreement, as amended. 😀 שלום" for n in range(1, 80)), "kind": "message"},
    ],
    "warnings": ["The message holds right-to-left writing, whose order on a screen can differ from the order that is signed."],
}  # fmt: skip
ASKS: dict[str, dict[str, Any]] = {
    "review": REVIEW,
    "review-warned": WARNED,
    "review-long": LONG,
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
    "code": {"id": 1, "kind": "compareCode", "title": "Pair with the extension?", "code": "48219937"},
}
TYPED = {"unlock": "correct horse", "new-passphrase": "anvil copper\tanvil", "words-typed": "letter advice cage absurd amuont doctor aco"}


pytestmark = pytest.mark.window


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("STRONGROOM_ARTEFACTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("dpi", [96, 192])
@pytest.mark.parametrize("theme", ["Adwaita", "Adwaita-dark"])
@pytest.mark.parametrize("name", ASKS)
def test_window_fits_the_screen(window_on: Callable[..., Any], folder: Path, name: str, theme: str, dpi: int) -> None:
    """The whole window is on the screen, at every resolution, and twice as large in pixels where a point is twice as many."""
    window = window_on(dpi, GTK_THEME=theme)
    window.ask(ASKS[name])
    for number, text in enumerate(TYPED.get(name, "").split("\t")):
        if number:
            window.key("Tab")
        window.type(text)
    if name == "words-shown":
        window.key("space")
    window.picture(folder / f"{name}{'-dark' if 'dark' in theme else ''}-{dpi}.png")
    (left, top), (width, height) = window.corner(), window.size()
    assert min(left, top) >= 0
    assert left + width <= dpi * 10
    assert top + height <= dpi * 9
    assert abs(width - 470 / 72 * dpi) <= 60 / 72 * dpi
