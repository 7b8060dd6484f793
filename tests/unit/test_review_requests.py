"""What a person reads before deciding: all of it from the call's own bytes, claims called claims, nothing left to guess."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import convert

from native_host.protocol.methods import METHODS
from native_host.protocol.wire import decode_hook
from native_host.review import requests
from native_host.review.keystore import attach_review, program_review, set_up_review
from native_host.review.requests import review
from native_host.review.subject import Review, Subject, Target
from native_host.review.web_page import PUNYCODE_PAGE
from tests.homes import b64
from tests.vector_files import load

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


def test_the_key_is_described() -> None:
    """By its address and path, which say what it holds."""
    found = facts(made("signMessage", Subject(address="0xabc", path="m/0"), keyId="k", format="eip191", message=""))
    assert (("0xabc", "address"), ("m/0", "path")) == (found["Address"], found["Derivation path"])


def test_replacing_a_key() -> None:
    """Of an account it is for good; of another key nothing is lost."""
    account, other = (made("rotateKey", Subject(is_account=one), keyId="k") for one in (True, False))
    assert ("Replace an account's key for good", (requests.REPLACED_FOR_GOOD,)) == (account.title, account.warnings)
    assert ("Replace a key by a new one", ()) == (other.title, other.warnings)
    assert [requests.STILL_READS] == [fact.value for fact in other.facts]


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


def test_a_key_file_is_not_the_extensions() -> None:
    """The person learns where file and password are typed, and what the caller wants the key to be."""
    found = made("importKeyFile", alg="ES256", label=HOSTILE, usages=["sign"])
    assert "The extension gets neither" in found.warnings[0]
    assert {"Algorithm": "ES256", "Name": SHOWN, "May be used for": "sign"} == {fact.label: fact.value for fact in found.facts}
    assert "the file" in facts(made("importKeyFile"))["Algorithm"][0]


def test_names_cannot_deceive() -> None:
    """A name that the extension chose is shown with everything that could hide or reorder it."""
    assert SHOWN == facts(made("restoreSeed", label=HOSTILE))["Name"][0]
    assert SHOWN == facts(attach_review((HOSTILE,), "main"))["Extension"][0]
    assert SHOWN == facts(attach_review(("o",), HOSTILE))["Wallet"][0]
    assert SHOWN == facts(set_up_review((), HOSTILE, "Passphrase", ""))["Folder"][0]
    assert SHOWN in " ".join(fact.value for fact in program_review((HOSTILE,)).facts)


LABELLED: dict[str, dict[str, Any]] = {
    "sign": {"data": ""},
    "decrypt": {"alg": "A256CBC", "ciphertext": ""},
    "wrapKey": {"targetKeyId": "t", "alg": "RSA-OAEP"},
}


@pytest.mark.parametrize("method", LABELLED)
def test_what_is_to_know_of_an_algorithm_is_a_warning(method: str) -> None:
    """That it is old, that it authenticates nothing; nothing of one that needs no warning."""

    def warnings(*labels: str) -> tuple[str, ...]:
        return made(method, Subject(labels=labels), keyId="k", **LABELLED[method]).warnings

    plain = warnings()
    assert (*plain, requests.LEGACY) == warnings("legacy")
    assert (*plain, requests.UNAUTHENTICATED, requests.LEGACY) == warnings("legacy", "unauthenticated")
    assert plain == warnings("post-quantum")


def test_an_algorithm_is_no_warning_where_it_is_not_used() -> None:
    """Destroying a key, or enabling it, does nothing with its algorithm."""
    labelled = Subject(labels=("legacy", "unauthenticated"))
    assert (requests.GONE_FOR_GOOD,) == made("destroyKey", labelled, keyId="k").warnings
    assert () == made("updateKey", labelled, keyId="k", state="active").warnings


def test_giving_a_key_out_says_which_and_to_whom() -> None:
    """The target by name; of a wrapping key from elsewhere, that somebody else holds it."""
    target = Target(label=HOSTILE, alg="ES256")
    own = made("wrapKey", Subject(target=target), keyId="k", targetKeyId="t", alg="A256KW")
    assert {"Key to give out": (SHOWN, "text"), "Its algorithm": ("ES256", "text")} == facts(own)
    assert (requests.KEY_GOES_OUT,) == own.warnings
    for provenance in ("imported", "unwrapped"):
        others = made("wrapKey", Subject(target=target, provenance=provenance), keyId="k", targetKeyId="t", alg="RSA-OAEP-256")
        assert (requests.KEY_GOES_OUT, requests.WRAPS_FOR_OTHERS) == others.warnings


def test_taking_in_a_wrapped_key_says_what_it_may() -> None:
    """Its algorithm, its usages where the extension chose them, and that its sender may know it."""
    found = made("unwrapKey", keyId="k", wrappedKey="", alg="A256KW", targetAlg="ES256", usages=["verify"])
    assert {"Algorithm of the new key": ("ES256", "text"), "May be used for": ("verify", "text")} == facts(found)
    assert (requests.KNOWN_TO_SENDER,) == found.warnings


def test_a_shared_secret_goes_out() -> None:
    """And the person is told so, and with whom it is agreed."""
    agreed = made("deriveSecret", keyId="k", publicKeyJwk={"kty": "OKP", "crv": "X25519", "x": b64(b"\xab" * 32)})
    assert {"The other's public key": ("ab" * 32, "hex")} == facts(agreed)
    opened = made("decapsulate", keyId="k", ciphertext="")
    assert [(requests.SECRET_GOES_OUT,)] * 2 == [agreed.warnings, opened.warnings]


def test_a_decryption_says_how_much() -> None:
    """What comes out is not known before it is allowed."""
    found = made("decrypt", keyId="k", alg="A256GCM", ciphertext=b64(bytes(5)))
    assert {"Algorithm": ("A256GCM", "text"), "Size of what is encrypted": ("5 bytes", "text")} == facts(found)


def test_an_extended_public_key_says_what_it_shows() -> None:
    """With the path, as it was given."""
    found = made("getExtendedPublicKey", keyId="k", path="m/84'/0'/0'")
    assert {"Below the path": ("m/84'/0'/0'", "path")} == facts(found)
    assert (requests.EVERY_ADDRESS,) == found.warnings


ASKED = [name for name, row in METHODS.items() if row.available and row.consent == "person"]


CALLS: dict[str, dict[str, Any]] = {
    "sign": {"keyId": "k", "data": ""},
    "signMessage": {"keyId": "k", "format": "eip191", "message": ""},
    "signTransaction": {
        "keyId": "k",
        "chain": "eip155:1",
        "transaction": {"nonce": "0x0", "gas": "0x5208", "gasPrice": "0x1", "to": f"0x{'11' * 20}", "value": "0x1"},
    },
    "signTypedData": {
        "keyId": "k",
        "typedData": {"types": {"EIP712Domain": [], "A": []}, "primaryType": "A", "domain": {}, "message": {}},
    },
    "signPsbt": {"keyId": "k", "psbt": load("psbt")["bip174"]["valid"][0]["psbt"]},
    "signJws": {"keyId": "k", "payload": ""},
    "encrypt": {"keyId": "k", "alg": "HPKE-0", "plaintext": "", "senderKeyId": "s"},
    "decrypt": {"keyId": "k", "alg": "A256GCM", "ciphertext": ""},
    "wrapKey": {"keyId": "k", "targetKeyId": "t", "alg": "A256KW"},
    "unwrapKey": {"keyId": "k", "wrappedKey": "", "alg": "A256KW", "targetAlg": "ES256"},
    "decapsulate": {"keyId": "k", "ciphertext": ""},
    "deriveSecret": {"keyId": "k", "publicKeyJwk": {"kty": "OKP"}},
    "getExtendedPublicKey": {"keyId": "k", "path": "m"},
    "importKey": {"importKeyId": "i", "jwe": "j", "alg": "ES256"},
    "importKeyFile": {},
    "restoreSeed": {},
    "destroyKey": {"keyId": "k"},
    "deriveKey": {"keyId": "k", "path": "m", "alg": "ES256K"},
    "updateKey": {"keyId": "k", "state": "active"},
}


@pytest.mark.parametrize("method", [*ASKED, "deriveKey", "updateKey", "encrypt"])
def test_every_method_that_is_asked_about_has_words_of_its_own(method: str) -> None:
    """Nobody is asked merely to use a key."""
    assert "Use a key" != made(method, **CALLS[method]).title


PAGED = [method for method in CALLS if "page" in METHODS[method].params.__struct_fields__]


@pytest.mark.parametrize("method", PAGED)
def test_the_page_is_a_claim(method: str) -> None:
    """It comes from the extension and is called what it is, in its one spelling, with what is suspicious about it."""
    told = made(method, **CALLS[method], page={"origin": "HTTPS://xn--PPLE-43d.example:443/"})
    assert ("https://xn--pple-43d.example", "origin") == facts(told)["Web page, as the extension claims"]
    assert "\N{CYRILLIC SMALL LETTER A}pple.example" == facts(told)["Its name looks like"][0]
    assert PUNYCODE_PAGE in told.warnings


def test_every_use_may_name_a_page() -> None:
    """All of protocol section 7 that asks the person."""
    uses = {name for name, row in METHODS.items() if row.available and row.params.__module__.endswith((".uses", ".transactions"))}
    assert {*uses, "getExtendedPublicKey"} - {"verify", "encapsulate", "randomBytes", "aggregateSignatures", "aggregateVerify"} == set(
        PAGED
    )
