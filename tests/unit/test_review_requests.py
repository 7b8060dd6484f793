"""What a person reads before deciding: all of it from the call's own bytes, claims called claims, nothing left to guess."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import convert

from native_host.protocol.methods import METHODS
from native_host.protocol.wire import decode_hook
from native_host.review import requests
from native_host.review.requests import Review, Subject, attach_review, program_review, review, set_up_review
from tests.homes import b64

HOSTILE = "Pay\u202e 1\u200b \x1b[2J\nBob"
SHOWN = "Pay⟨U+202E⟩ 1⟨U+200B⟩ ⟨U+001B⟩[2J⟨U+000A⟩Bob"


def made(method: str, subject: Subject | None = None, **params: Any) -> Review:
    return review(convert(params, METHODS[method].params, dec_hook=decode_hook), subject)


def facts(made: Review) -> dict[str, tuple[str, str]]:
    assert len(made.facts) == len({fact.label for fact in made.facts})
    return {fact.label: (fact.value, fact.kind) for fact in made.facts}


@pytest.mark.parametrize("member", [{"data": b64(b"hello")}, {"digest": b64(bytes(32))}], ids=["data", "digest"])
def test_raw_signing_is_called_blind(member: dict[str, Any]) -> None:
    """In the title and in the first warning, for data as for a digest."""
    found = made("sign", keyId="k", **member)
    assert found.title.endswith(" blind")
    assert requests.BLIND == found.warnings[0]


def test_a_digest_is_shown_whole() -> None:
    """In hex."""
    assert {"Digest": ("ab" * 32, "hex")} == facts(made("sign", keyId="k", digest=b64(b"\xab" * 32)))


def test_text_is_shown_as_text() -> None:
    """With its size, in a block of its own, and its newlines."""
    found = facts(made("signMessage", keyId="k", format="eip191", message=b64(b"Dear Bob,\nhello")))
    assert ("Dear Bob,\nhello", "message") == found["Message"]
    assert ("15 bytes", "text") == found["Size"]
    assert requests.FORMAT_NAMES["eip191"] == found["Format"][0]


def test_bytes_are_shown_as_bytes() -> None:
    """And said not to be text."""
    found = made("signMessage", keyId="k", format="solana", message=b64(b"\x00\xff"))
    assert ("00ff", "hex") == facts(found)["Message"]
    assert any("not text" in warning for warning in found.warnings)


def test_nothing_to_sign_is_said() -> None:
    """An empty message is not an empty line."""
    found = facts(made("signMessage", keyId="k", format="eip191", message=""))
    assert (("(empty)", "text"), ("0 bytes", "text")) == (found["Message"], found["Size"])


def test_the_whole_message_is_there() -> None:
    """Up to its last character, however long."""
    text = "a" * 60000 + "the end"
    assert text == facts(made("signMessage", keyId="k", format="eip191", message=b64(text.encode())))["Message"][0]


def test_the_page_is_a_claim() -> None:
    """It comes from the extension and is called what it is; what would deceive is shown."""
    calls: tuple[tuple[str, dict[str, Any]], ...] = (("sign", {"data": ""}), ("signMessage", {"format": "eip191", "message": ""}))
    for method, params in calls:
        found = facts(made(method, keyId="k", **params, page={"origin": f"https://{HOSTILE}"}))
        assert (f"https://{SHOWN}", "origin") == found["Web page, as the extension claims"]


def test_the_key_is_described() -> None:
    """By its address and path, which say what it holds."""
    found = facts(made("signMessage", Subject(address="0xabc", path="m/0"), keyId="k", format="eip191", message=""))
    assert (("0xabc", "address"), ("m/0", "path")) == (found["Address"], found["Derivation path"])


def test_destroying_says_what_goes_with_it() -> None:
    """And that it is for good."""
    found = made("destroyKey", Subject(dependants=3), keyId="k")
    assert ("3", "number") == facts(found)["Keys derived from it, destroyed too"]
    assert (requests.GONE_FOR_GOOD,) == found.warnings
    assert {} == facts(made("destroyKey", Subject(), keyId="k"))


def test_an_import_says_who_else_knows_it() -> None:
    """And what the key may be used for, where the extension chose."""
    found = made("importKey", importKeyId="i", jwe="j", alg="Ed25519", usages=["sign", "verify"])
    assert (requests.KNOWN_TO_SENDER,) == found.warnings
    assert {"Algorithm": ("Ed25519", "text"), "May be used for": ("sign, verify", "text")} == facts(found)


def test_an_account_that_signs_anything_is_called_that() -> None:
    """With the path, as it was given."""
    found = made("deriveKey", keyId="k", path="m/44'/60'/0'/0/0", alg="ES256K", usages=["sign"])
    assert (requests.RAW_ACCOUNT,) == found.warnings
    assert ("m/44'/60'/0'/0/0", "path") == facts(found)["New account's path"]


def test_names_cannot_deceive() -> None:
    """A name that the extension chose is shown with everything that could hide or reorder it."""
    assert SHOWN == facts(made("restoreSeed", label=HOSTILE))["Name"][0]
    assert SHOWN == facts(attach_review((HOSTILE,), "main"))["Extension"][0]
    assert SHOWN == facts(attach_review(("o",), HOSTILE))["Wallet"][0]
    assert SHOWN == facts(set_up_review((), HOSTILE))["Folder"][0]
    assert SHOWN in " ".join(fact.value for fact in program_review((HOSTILE,)).facts)


ASKED = [name for name, row in METHODS.items() if row.available and row.consent == "person"]


@pytest.mark.parametrize("method", [*ASKED, "deriveKey", "updateKey"])
def test_every_method_that_is_asked_about_has_words_of_its_own(method: str) -> None:
    """Nobody is asked merely to use a key."""
    params: dict[str, Any] = {
        "sign": {"keyId": "k", "data": ""},
        "signMessage": {"keyId": "k", "format": "eip191", "message": ""},
        "importKey": {"importKeyId": "i", "jwe": "j", "alg": "ES256"},
        "restoreSeed": {},
        "destroyKey": {"keyId": "k"},
        "deriveKey": {"keyId": "k", "path": "m", "alg": "ES256K"},
        "updateKey": {"keyId": "k", "state": "active"},
    }[method]
    assert "Use a key" != made(method, **params).title
