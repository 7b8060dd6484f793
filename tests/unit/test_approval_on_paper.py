"""Recovery codes and shares, judged while they are typed from paper."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shamir_mnemonic.shamir import generate_mnemonics

from native_host.approval import codes, shares
from native_host.approval.timing import TYPE_SECONDS, WRITE_SECONDS, seconds_for
from native_host.approval.words import Problem
from native_host.encodings import recovery_code
from native_host.protocol.approver import SecretAsk, SecretPurpose
from native_host.secret import SecretBytes

CODE = "000G 40R4 0M30 E209 185G R38E 1W8F"
# SLIP-0039, test vectors: 1, valid; 2, of which the checksum is wrong; 3, of which the padding is
SHARE = "duckling enlarge academic academic agency result length solution fridge kidney coal piece deal husband erode duke ajar critical decision keyboard"  # fmt: skip
BAD_CHECKSUM = SHARE.replace("keyboard", "kidney")
BAD_PADDING = "duckling enlarge academic academic email result length solution fridge kidney coal piece deal husband erode duke ajar music cargo fitness"  # fmt: skip


@pytest.mark.parametrize(
    "typed", [CODE, CODE.lower(), CODE.replace(" ", ""), CODE.replace(" ", "-"), CODE.replace("0", "O").replace("1", "l")]
)
def test_a_code_is_read_however_it_is_written(typed: str) -> None:
    """Case, spaces, hyphens and letters that look like digits; what is passed on is the host's own form."""
    checked = codes.check_code(typed)
    assert (checked.problem, checked.text, checked.wrong, checked.count) == ("none", CODE, (), 28)


@pytest.mark.parametrize(
    ("typed", "problem", "wrong"),
    [
        ("", "empty", ()),
        (" - \n", "empty", ()),
        ("000G 40", "count", ()),
        (CODE + "0", "count", ()),
        ("000G 4U", "character", (1,)),
        ("000! 40R4 ü", "character", (0, 2)),
        ("\ud800", "character", (0,)),
        (CODE.replace("F", "G"), "checksum", ()),
    ],
)
def test_what_is_wrong_with_a_code(typed: str, problem: codes.Problem, wrong: tuple[int, ...]) -> None:
    """Each mistake has its own name, and a character that cannot be its group."""
    checked = codes.check_code(typed)
    assert (checked.problem, checked.wrong) == (problem, wrong)


@given(st.text())
def test_no_text_breaks_the_check_of_a_code(typed: str) -> None:
    """Whatever is typed is judged, and what passes is a code to the host too."""
    checked = codes.check_code(typed)
    if checked.problem == "none":
        assert len(recovery_code.code_of(SecretBytes(checked.text.encode()))) == 16


@given(st.binary(min_size=16, max_size=16))
def test_every_code_passes(code: bytes) -> None:
    """As the host writes it."""
    assert codes.check_code(str(recovery_code.text_of(SecretBytes(code)).buffer, "utf-8")).problem == "none"


@pytest.mark.parametrize(
    "typed",
    [
        SHARE,
        SHARE.upper(),
        "\n".join(f"{n}. {word}" for n, word in enumerate(SHARE.split(), 1)),
        " ".join(word[:4] for word in SHARE.split()),
    ],
)
def test_a_share_is_read_however_it_is_written(typed: str) -> None:
    """Case, lines, numbers, and the first four letters of each word; what is passed on are whole words."""
    checked = shares.check_share(typed)
    assert (checked.problem, checked.sentence, checked.unknown) == ("none", SHARE, ())


@pytest.mark.parametrize(
    ("typed", "problem", "unknown"),
    [
        ("", "empty", ()),
        ("academic agency result", "none", ()),
        ("academic agencies result", "unknown", (1,)),
        ("academic abandon", "unknown", (1,)),
        (BAD_CHECKSUM, "checksum", ()),
        (BAD_PADDING, "checksum", ()),
        (SHARE + " academic", "checksum", ()),
        (SHARE + " academic" * 14, "count", ()),
    ],
)
def test_what_is_wrong_with_a_share(typed: str, problem: Problem, unknown: tuple[int, ...]) -> None:
    """A word of another list, one word too many, a wrong checksum; three words alone are asked for to try a share out."""
    checked = shares.check_share(typed)
    assert (checked.problem, checked.unknown) == (problem, unknown)


@pytest.mark.parametrize("length", [16, 24, 32])
def test_shares_of_every_length(length: int) -> None:
    """As the reference code makes them."""
    for mnemonic in generate_mnemonics(1, [(2, 3)], bytes(range(length)))[0]:
        checked = shares.check_share(mnemonic)
        assert (checked.problem, checked.sentence) == ("none", mnemonic)
        assert len(checked.words) <= shares.LONGEST


@given(st.text())
def test_no_text_breaks_the_check_of_a_share(typed: str) -> None:
    """Whatever is typed is judged, and only listed words pass."""
    checked = shares.check_share(typed)
    assert checked.problem != "none" or all(shares.is_listed(word) for word in checked.words)


def test_beginnings_of_a_shares_words() -> None:
    """In the list's order, each word once; none for nothing."""
    assert shares.words_starting("aca") == ("academic",)
    assert shares.words_starting("ac") == ("academic", "acid", "acne", "acquire", "acrobat", "activity", "actress")
    assert shares.words_starting("") == ()


@pytest.mark.parametrize(
    ("purpose", "seconds"),
    [("recoveryCode", WRITE_SECONDS), ("share", WRITE_SECONDS), ("newPin", TYPE_SECONDS), ("pin", TYPE_SECONDS), ("backup", TYPE_SECONDS)],
)
def test_what_is_on_paper_takes_longer(purpose: SecretPurpose, seconds: float) -> None:
    """To fetch it, and to type it."""
    assert seconds_for(SecretAsk(id=1, purpose=purpose, title="")) == seconds
