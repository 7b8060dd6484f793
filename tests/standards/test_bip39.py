"""BIP39: entropy, recovery words in ten languages, and seed."""

from __future__ import annotations

from typing import Literal
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mnemonic import Mnemonic

from native_host.suites.hd import bip39, extended_key
from tests.vector_files import load

BIP39, LANGUAGES, JAPANESE = load("bip39"), load("bip39_languages"), load("bip39_japanese")
FIRST = BIP39["vectors"][0]["mnemonic"]
OTHERS = [(language, vector) for language, vectors in LANGUAGES["languages"].items() for vector in vectors]
# Words that are English and French, with a right checksum in both; they were searched for.
AMBIGUOUS = "civil festival festival palace rival concert distance panda junior unique spatial science"

entropies = st.sampled_from(bip39.ENTROPY_BYTES).flatmap(lambda length: st.binary(min_size=length, max_size=length))


@pytest.mark.parametrize("vector", BIP39["vectors"], ids=lambda vector: vector["mnemonic"][-20:] + str(len(vector["entropy"])))
def test_published(vector: dict[str, str]) -> None:
    """Entropy gives the words, the words give the entropy and the seed, as published."""
    entropy = bytes.fromhex(vector["entropy"])

    assert vector["mnemonic"] == bip39.mnemonic_of_entropy(entropy)
    assert entropy == bip39.entropy_of_mnemonic(vector["mnemonic"])
    assert bytes.fromhex(vector["seed"]) == bip39.seed_of_mnemonic(vector["mnemonic"], BIP39["passphrase"])


@pytest.mark.parametrize(("language", "vector"), OTHERS, ids=[f"{language} {vector['entropy'][:8]}" for language, vector in OTHERS])
def test_published_languages(language: str, vector: dict[str, str]) -> None:
    """So it is in every other language of BIP39, and which one it is is found from the words."""
    entropy = bytes.fromhex(vector["entropy"])
    found = "chinese_simplified" if language == "chinese_traditional" and "的 的" in vector["mnemonic"] else language

    assert vector["mnemonic"] == bip39.mnemonic_of_entropy(entropy, language)
    assert entropy == bip39.entropy_of_mnemonic(vector["mnemonic"])
    assert entropy == bip39.entropy_of_mnemonic(vector["mnemonic"], language)
    assert found == bip39.language_of(vector["mnemonic"])
    assert bytes.fromhex(vector["seed"]) == bip39.seed_of_mnemonic(vector["mnemonic"], LANGUAGES["passphrase"])


IN_BUFFERS = [("english", v, BIP39["passphrase"]) for v in BIP39["vectors"]]
IN_BUFFERS += [(language, v, LANGUAGES["passphrase"]) for language, v in OTHERS]
IN_BUFFERS += [("japanese", v, JAPANESE["passphrase"]) for v in JAPANESE["vectors"]]


@pytest.mark.parametrize(("language", "vector", "passphrase"), IN_BUFFERS, ids=[f"{name} {v['seed'][:8]}" for name, v, _ in IN_BUFFERS])
def test_published_in_buffers(language: str, vector: dict[str, str], passphrase: str) -> None:
    """The same from UTF-8 in buffers, as the host has it, however it is spaced and composed."""
    entropy, words = bytes.fromhex(vector["entropy"]), bip39.words_of_entropy(bytes.fromhex(vector["entropy"]), language)
    extra = memoryview(passphrase.encode())

    assert normalize("NFKD", vector["mnemonic"]).split() == words.decode().split()
    assert bytes.fromhex(vector["seed"]) == bip39.seed_of_mnemonic(words, extra)
    for typed in (vector["mnemonic"], f" \n{normalize('NFC', words.decode()).upper()}\t", words.decode().replace(" ", "\u3000  \u00a0")):
        assert entropy == bip39.entropy_of_mnemonic(memoryview(typed.encode()), language)
        assert bip39.normalize(typed).encode() == bip39.normalized(memoryview(typed.encode()))


def test_a_buffer_that_is_no_text() -> None:
    """Is no recovery words; nothing is read past a character that is cut off."""
    for typed in (b"\xff", b"abandon \xe3\x80", b"\xe3\x80\x80"):
        with pytest.raises(ValueError, match=r"not recovery words|codec can't decode"):
            bip39.entropy_of_mnemonic(memoryview(typed))


@pytest.mark.parametrize("vector", JAPANESE["vectors"], ids=lambda vector: vector["entropy"][:8])
def test_published_japanese(vector: dict[str, str]) -> None:
    """Japanese words stand between ideographic spaces, which the seed takes as spaces, and the passphrase may need NFKD too."""
    entropy = bytes.fromhex(vector["entropy"])
    words = bip39.mnemonic_of_entropy(entropy, "japanese")
    seed = bip39.seed_of_mnemonic(vector["mnemonic"], JAPANESE["passphrase"])

    assert vector["mnemonic"] == normalize("NFC", words)
    assert "\u3000" in words
    assert entropy == bip39.entropy_of_mnemonic(vector["mnemonic"])
    assert bytes.fromhex(vector["seed"]) == seed == bip39.seed_of_mnemonic(bip39.normalize(words), JAPANESE["passphrase"])
    assert vector["xprv"] == extended_key.encode_extended_private(extended_key.master_key(seed))


def test_the_languages() -> None:
    """The ten lists of BIP39. The library's other two are left out: one has a damaged word, and neither is in NFKD."""
    left_out = set(Mnemonic.list_languages()) - set(bip39.LANGUAGES)

    assert left_out == {"russian", "turkish"}
    assert any("\ufffd" in word for word in Mnemonic("russian").wordlist)
    for language in left_out:
        assert any(normalize("NFKD", word) != word for word in Mnemonic(language).wordlist)
    for language in bip39.LANGUAGES:
        assert all(normalize("NFKD", word.upper()).lower() == word for word in Mnemonic(language).wordlist)


@given(entropies, st.sampled_from(bip39.LANGUAGES), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_round_trip_languages(entropy: bytes, language: str, form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> None:
    """Words give back the entropy they were made of, in whichever form of Unicode they are typed, and the same seed."""
    words = bip39.mnemonic_of_entropy(entropy, language)
    typed = normalize(form, words)

    assert words == Mnemonic(language).to_mnemonic(entropy)
    assert entropy == bip39.entropy_of_mnemonic(typed, language)
    assert bip39.normalize(typed) == bip39.normalize(words)


def test_ambiguous() -> None:
    """Words of two languages that fit in both are not guessed at: the language decides which entropy they are."""
    with pytest.raises(bip39.AmbiguousMnemonic, match=r"^recovery words of more than one language$") as refusal:
        bip39.entropy_of_mnemonic(AMBIGUOUS)
    with pytest.raises(bip39.AmbiguousMnemonic):
        bip39.language_of(AMBIGUOUS)
    english, french = (bip39.entropy_of_mnemonic(AMBIGUOUS, language) for language in ("english", "french"))

    assert refusal.value.languages == ("english", "french")
    assert english != french
    assert AMBIGUOUS == bip39.mnemonic_of_entropy(english) == bip39.mnemonic_of_entropy(french, "french")


def test_both_chinese_lists() -> None:
    """Whatever is in both Chinese lists is in the same place in both, so it is one entropy and one text, and not ambiguous."""
    simplified, traditional = (Mnemonic(f"chinese_{name}").wordlist for name in ("simplified", "traditional"))
    shared = set(simplified) & set(traditional)

    assert len(shared) == 1275
    assert all(simplified.index(word) == traditional.index(word) for word in shared)
    assert bip39.language_of("的 的 的 的 的 的 的 的 的 的 的 在") == "chinese_simplified"


def test_wrong_language() -> None:
    """Words of another language than the one given are refused, and so is a language that is none."""
    with pytest.raises(ValueError, match=r"^not recovery words of BIP39$"):
        bip39.entropy_of_mnemonic(FIRST, "italian")
    for language in ("", "klingon", "russian", "../english", "English"):
        with pytest.raises(ValueError, match="in that language"):
            bip39.entropy_of_mnemonic(FIRST, language)
        with pytest.raises(ValueError, match="in that language"):
            bip39.mnemonic_of_entropy(bytes(16), language)


@given(st.text(max_size=200))
def test_hostile(typed: str) -> None:
    """A text is recovery words of the entropy that makes them, or refused."""
    try:
        entropy = bip39.entropy_of_mnemonic(typed)
    except ValueError:
        return
    assert bip39.normalize(typed) == bip39.normalize(bip39.mnemonic_of_entropy(entropy, bip39.language_of(typed)))


@pytest.mark.parametrize(
    "typed",
    [FIRST.upper(), f"  {FIRST}\n", FIRST.replace(" ", "\t \u3000"), FIRST.replace("a", "\uff41")],
    ids=["capitals", "margins", "other white space", "full-width letters"],
)
def test_as_typed(typed: str) -> None:
    """Case, white space and compatibility forms do not matter."""
    assert bytes(16) == bip39.entropy_of_mnemonic(typed)
    assert bip39.normalize(typed) == FIRST


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "abandon",
        FIRST.rsplit(" ", 1)[0],
        f"{FIRST} about",
        FIRST.replace("about", "abandon"),
        FIRST.replace("about", "abou"),
        FIRST.replace("about", "zzzzz"),
        " ".join(["abandon"] * 27),
        "\u0000" * 12,
    ],
    ids=["nothing", "one", "eleven", "thirteen", "checksum", "prefix", "no word", "twenty-seven", "nul"],
)
def test_refused(typed: str) -> None:
    """What is not 12 to 24 words with a right checksum is refused, without a word of it in the error."""
    with pytest.raises(ValueError, match=r"^not recovery words of BIP39$"):
        bip39.entropy_of_mnemonic(typed)
    with pytest.raises(ValueError, match=r"^not recovery words of BIP39$"):
        bip39.language_of(typed)


@pytest.mark.parametrize("length", [0, 15, 17, 33, 64])
def test_entropy_length(length: int) -> None:
    """Entropy of another length has no words."""
    with pytest.raises(ValueError, match="entropy has"):
        bip39.mnemonic_of_entropy(bytes(length))


@given(entropies)
def test_round_trip(entropy: bytes) -> None:
    """Words give back the entropy they were made of."""
    assert entropy == bip39.entropy_of_mnemonic(bip39.mnemonic_of_entropy(entropy))


@pytest.mark.parametrize("passphrase", ["", "TREZOR", "e\u0301", "\u00e9", "\u212b", "\ufb01"])
def test_passphrase_normalised(passphrase: str) -> None:
    """The passphrase is taken in NFKD, as the library of BIP39's author takes it."""
    assert Mnemonic.to_seed(FIRST, passphrase) == bip39.seed_of_mnemonic(FIRST, passphrase)
