"""SLIP-0039: shares of a secret."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic.shamir import combine_mnemonics, generate_mnemonics

from native_host.backups.refused import BackupRefused
from native_host.backups.shares import MAX_ITERATION_EXPONENT, Collected, check_wish, split
from native_host.secret import SecretBytes
from native_host.suites.hd import extended_key
from tests.vector_files import load

SLIP39 = load("slip39")
CASES: list[dict[str, Any]] = SLIP39["cases"]
SECRET = bytes(range(32))


def collect(shares: list[str], passphrase: str = "") -> bytes:
    collected = Collected()
    for share in shares:
        collected.add(SecretBytes(share.encode()))
    with collected.secret(SecretBytes(passphrase.encode())) as secret:
        return bytes(secret.buffer)


def texts(secret: bytes, threshold: int, count: int) -> list[str]:
    return [str(share.buffer, "utf-8") for share in split(SecretBytes(secret), threshold, count)]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_published(case: dict[str, Any]) -> None:
    """A good set gives its master secret and, as BIP32's seed, the published master key; any other is refused."""
    if not case["secret"]:
        with pytest.raises(BackupRefused):
            collect(case["shares"], SLIP39["passphrase"])
        return
    secret = collect(case["shares"], SLIP39["passphrase"])
    assert case["secret"] == secret.hex()
    assert case["xprv"] == extended_key.encode_extended_private(extended_key.master_key(secret))


@pytest.mark.parametrize("length", [16, 20, 32])
def test_any_threshold_of_them(length: int) -> None:
    """Every two of three give the secret, here and by the reference's own combining; so few words that they fit on a card."""
    secret = SECRET[:length]
    shares = texts(secret, 2, 3)
    assert {16: 20, 20: 23, 32: 33}[length] == len(shares[0].split())
    for chosen in combinations(shares, 2):
        assert secret == collect(list(chosen))
        assert secret == combine_mnemonics(chosen)


def test_fewer_open_nothing() -> None:
    """With one of two there is no secret, and how many are missing is told."""
    collected = Collected()
    progress = collected.add(SecretBytes(texts(SECRET, 2, 3)[0].encode()))
    assert (1, 1, False) == (progress.taken, progress.missing, collected.is_complete)
    with pytest.raises(BackupRefused, match="not enough"):
        collected.secret()


def test_another_passphrase_is_another_secret() -> None:
    """And no error, as SLIP-0039 has it."""
    shares = generate_mnemonics(1, [(2, 2)], SECRET, b"right")[0]
    assert SECRET == collect(shares, "right")
    assert SECRET != collect(shares, "wrong")
    with pytest.raises(BackupRefused, match="ASCII"):
        collect(shares, "käse")


def test_first_letters_and_capitals() -> None:
    """Words may be typed in capitals, in lines, or by their first four letters."""
    shares = texts(SECRET, 2, 2)
    assert SECRET == collect([shares[0].upper().replace(" ", "\n"), " ".join(word[:4] for word in shares[1].split())])


def test_groups_of_another_program() -> None:
    """Shares in groups are taken too; how many are missing is then not said."""
    (first,), family = generate_mnemonics(2, [(1, 1), (2, 3)], SECRET)
    collected = Collected()
    assert collected.add(SecretBytes(first.encode())).missing is None
    progress = [collected.add(SecretBytes(share.encode())) for share in family[:2]][-1]
    assert (0, SECRET) == (progress.missing, bytes(collected.secret().buffer))


@pytest.mark.parametrize(("threshold", "count"), [(0, 3), (1, 3), (1, 1), (3, 2), (2, 17), (-1, 2)])
def test_numbers_that_there_are_not(threshold: int, count: int) -> None:
    """One share that opens it alone, and more than sixteen, are refused."""
    with pytest.raises(BackupRefused):
        check_wish(threshold, count)


@pytest.mark.parametrize("length", [0, 14, 17, 31, 34, 64])
def test_lengths_that_there_are_not(length: int) -> None:
    """Only 16 to 32 bytes, an even number."""
    with pytest.raises(BackupRefused, match="16 to 32"):
        split(SecretBytes(bytes(length)), 2, 3)


def _wrong() -> dict[str, tuple[str, str]]:
    good = texts(SECRET, 2, 3)[0].split()
    costly = generate_mnemonics(1, [(1, 1)], SECRET, iteration_exponent=MAX_ITERATION_EXPONENT + 1)[0][0]
    return {
        "nothing": ("", "at least 20 words"),
        "too few": (" ".join(good[:19]), "at least 20 words; these are 19"),
        "a word that is none": (" ".join([*good[:3], "xyzzyx", *good[4:]]), "number 4"),
        "a word that goes on": (" ".join([good[0] + "s", *good[1:]]), "number 1"),
        "two changed places": (" ".join([*good[:30], good[31], good[30], *good[32:]]), "changed places|not a share"),
        "a word missing": (" ".join(good[:-1]), "not a share"),
        "too long": ("word " * 1000, "too long"),
        "not text": ("\udcff", "at least 20|not on the list"),
        "far too much work": (costly, "far more work"),
    }


WRONG = _wrong()


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_share(text: str, said: str) -> None:
    """Told in a sentence that names no word of it."""
    with pytest.raises(BackupRefused, match=f"(?i){said}") as refused:
        Collected().add(SecretBytes(text.encode("utf-8", "surrogateescape")))
    assert not {word for word in text.split() if len(word) > 5} & set(str(refused.value).split())


def test_what_does_not_fit_the_others() -> None:
    """The same one again, one of another set, and one with a number that is taken; the good ones stay."""
    shares, others = texts(SECRET, 2, 3), texts(SECRET, 2, 3)
    collected = Collected()
    collected.add(SecretBytes(shares[0].encode()))
    for text, said in ((shares[0], "there already"), (others[1], "another secret")):
        with pytest.raises(BackupRefused, match=said):
            collected.add(SecretBytes(text.encode()))
    collected.add(SecretBytes(shares[2].encode()))
    assert SecretBytes(SECRET) == collected.secret()


@settings(max_examples=150)
@given(st.text(max_size=300) | st.lists(st.sampled_from(" ".join(texts(SECRET, 2, 2)).split()), min_size=18, max_size=40).map(" ".join))
def test_anything_typed(text: str) -> None:
    """Is a share or is refused, and nothing else comes of it."""
    with pytest.raises(BackupRefused):
        Collected().add(SecretBytes(text.encode("utf-8", "replace")))
