"""NIST SP 800-38A: AES in CBC, CTR and ECB; padding by RFC 5652 section 6.3."""

from __future__ import annotations

import os

import pytest
from Crypto.Cipher import AES
from Crypto.Util.Counter import new as counter
from Crypto.Util.Padding import pad
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from native_host.secret import wipe
from native_host.suites import aes_modes
from native_host.suites.kinds import Ciphers, Sealed
from tests import symmetric_checks as shared

CIPHERS: dict[tuple[str, int], Ciphers] = {
    (mode, bits // 8): getattr(aes_modes, f"A{bits}{mode}") for mode in ("CBC", "CTR", "ECB") for bits in (128, 192, 256)
}
NAMES = [f"A{size * 8}{mode}" for mode, size in CIPHERS]
IV_BYTES = {"CBC": 16, "CTR": 16, "ECB": 0}
PADDED = st.sampled_from([name for name in CIPHERS if name[0] != "CTR"])
each = pytest.mark.parametrize(("name", "cipher"), CIPHERS.items(), ids=NAMES)


def other(mode: str, key: bytes, iv: bytes, plaintext: bytes) -> bytes:
    """The same by another implementation."""
    if mode == "ECB":
        return AES.new(key, AES.MODE_ECB).encrypt(pad(plaintext, 16))
    if mode == "CBC":
        return AES.new(key, AES.MODE_CBC, iv=iv).encrypt(pad(plaintext, 16))
    return AES.new(key, AES.MODE_CTR, counter=counter(128, initial_value=int.from_bytes(iv, "big"))).encrypt(plaintext)


def without_padding(mode: str, key: bytes, iv: bytes, blocks: bytes) -> Sealed:
    """What decrypts to ``blocks``, be they padded or not."""
    if mode == "ECB":
        return Sealed(ciphertext=AES.new(key, AES.MODE_ECB).encrypt(blocks))
    return Sealed(ciphertext=AES.new(key, AES.MODE_CBC, iv=iv).encrypt(blocks), iv=iv)


@given(st.data(), st.sampled_from(sorted(CIPHERS)), st.binary(max_size=100))
def test_against_pycryptodome(data: st.DataObject, name: tuple[str, int], plaintext: bytes) -> None:
    """What is encrypted decrypts here, and another implementation computes the same from our iv."""
    mode, size = name
    key = data.draw(st.binary(min_size=size, max_size=size))
    sealed = CIPHERS[name].encrypt(bytearray(key), plaintext, aad=b"", random_bytes=os.urandom)
    opened = CIPHERS[name].decrypt(memoryview(key), sealed, aad=b"")

    assert isinstance(opened, bytearray)
    assert plaintext == opened
    assert other(mode, key, sealed.iv, plaintext) == sealed.ciphertext
    assert (IV_BYTES[mode], b"") == (len(sealed.iv), sealed.tag)
    assert len(plaintext) + (0 if mode == "CTR" else 16 - len(plaintext) % 16) == len(sealed.ciphertext)


@given(st.binary(min_size=1, max_size=100), st.integers(min_value=0, max_value=6))
def test_the_counter_wraps(plaintext: bytes, before: int) -> None:
    """The counter block counts modulo 2 to the power of 128, all of it (appendix B.1)."""
    first = (2**128 - 1 - before).to_bytes(16, "big")
    sealed = aes_modes.A128CTR.encrypt(bytes(16), plaintext, aad=b"", random_bytes=lambda _: first)
    stream = b"".join(
        AES.new(bytes(16), AES.MODE_ECB).encrypt(((2**128 - 1 - before + block) % 2**128).to_bytes(16, "big")) for block in range(7)
    )
    assert bytes(a ^ b for a, b in zip(plaintext, stream, strict=False)) == sealed.ciphertext


@given(PADDED, st.binary(min_size=1, max_size=2).map(lambda text: (text * 32)[:32]) | st.binary(min_size=32, max_size=32))
def test_padding(name: tuple[str, int], blocks: bytes) -> None:
    """Two blocks of anything: they decrypt if they end as RFC 5652 pads, and then to what stood before."""
    mode, size = name
    count = blocks[-1]
    padded = 1 <= count <= 16 and blocks.endswith(bytes((count,)) * count)
    sealed = without_padding(mode, bytes(size), bytes(16), blocks)
    if padded:
        assert blocks[:-count] == CIPHERS[name].decrypt(bytes(size), sealed, aad=b"")
    else:
        shared.assert_cannot_decrypt(CIPHERS[name].decrypt, bytes(size), sealed, aad=b"")


@pytest.mark.parametrize("mode", ["CBC", "ECB"])
@pytest.mark.parametrize("count", range(256))
def test_padding_of_each_length(mode: str, count: int) -> None:
    """All 256 last bytes, behind as many of the same as there is room for: 1 to 16 are padding."""
    text = bytes(32 - min(count, 32)) + bytes((count,)) * min(count, 32) if count else bytes(32)
    sealed, cipher = without_padding(mode, bytes(16), bytes(16), text), CIPHERS[mode, 16]
    if 1 <= count <= 16:
        assert bytes(32 - count) == cipher.decrypt(bytes(16), sealed, aad=b"")
        if count > 1:
            wrong = text[:-count] + b"\x80" + text[len(text) - count + 1 :]
            shared.assert_cannot_decrypt(cipher.decrypt, bytes(16), without_padding(mode, bytes(16), bytes(16), wrong), aad=b"")
    else:
        shared.assert_cannot_decrypt(cipher.decrypt, bytes(16), sealed, aad=b"")


@each
def test_other_lengths(name: tuple[str, int], cipher: Ciphers) -> None:
    """An iv of another length, a tag, and for CBC and ECB what is no row of blocks: each refused as wrong padding is."""
    mode, size = name
    sealed = cipher.encrypt(bytes(size), bytes(40), aad=b"", random_bytes=os.urandom)
    for length in {0, 1, 8, 12, 15, 16, 17, 32} - {IV_BYTES[mode]}:
        shared.assert_cannot_decrypt(cipher.decrypt, bytes(size), replace(sealed, iv=bytes(length)), aad=b"")
    shared.assert_cannot_decrypt(cipher.decrypt, bytes(size), replace(sealed, tag=b"\x00"), aad=b"")
    if mode != "CTR":
        for length in (0, 1, 15, 17, 31, 33, 47):
            shared.assert_cannot_decrypt(cipher.decrypt, bytes(size), replace(sealed, ciphertext=bytes(length)), aad=b"")


@each
def test_no_additional_data(name: tuple[str, int], cipher: Ciphers) -> None:
    """Additional data that nothing would authenticate is refused, both ways."""
    _, size = name
    sealed = cipher.encrypt(bytes(size), b"text", aad=b"", random_bytes=os.urandom)
    with pytest.raises(ValueError, match="no additional data"):
        cipher.encrypt(bytes(size), b"text", aad=b"a", random_bytes=os.urandom)
    with pytest.raises(ValueError, match="no additional data"):
        cipher.decrypt(bytes(size), sealed, aad=b"a")


@each
def test_keys(name: tuple[str, int], cipher: Ciphers) -> None:
    """A key has the length of its name, in generating, encrypting and decrypting."""
    _, size = name
    shared.assert_keys(cipher, {size})
    sealed = cipher.encrypt(bytes(size), b"text", aad=b"", random_bytes=os.urandom)
    for length in {0, 16, 24, 32, 33, 64} - {size}:
        with pytest.raises(ValueError, match=f"is not {size} bytes"):
            cipher.encrypt(bytes(length), b"", aad=b"", random_bytes=bytes)
        with pytest.raises(ValueError, match=f"is not {size} bytes"):
            cipher.decrypt(bytes(length), sealed, aad=b"")


@each
def test_the_iv_is_drawn(name: tuple[str, int], cipher: Ciphers) -> None:
    """CBC and CTR draw 16 fresh bytes each time, ECB none: one plaintext is there always one ciphertext."""
    mode, size = name
    made = [cipher.encrypt(bytes(size), b"text", aad=b"", random_bytes=os.urandom) for _ in range(20)]
    distinct = 1 if mode == "ECB" else 20
    assert (distinct, distinct) == (len({sealed.iv for sealed in made}), len({sealed.ciphertext for sealed in made}))


def test_the_iv_alone_makes_the_difference() -> None:
    """With one iv, CBC and CTR give one ciphertext."""
    for mode in ("CBC", "CTR"):
        cipher = CIPHERS[mode, 16]
        first, second = (cipher.encrypt(bytes(16), b"text", aad=b"", random_bytes=bytes) for _ in range(2))
        assert (first.iv, first.ciphertext) == (second.iv, second.ciphertext) == (bytes(16), first.ciphertext)


@pytest.mark.parametrize("good", [True, False], ids=["padded", "not padded"])
@pytest.mark.parametrize("mode", ["CBC", "CTR", "ECB"])
def test_buffers_are_wiped(mode: str, good: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001  # a parameter
    """The longer buffer that the library decrypts into holds nothing afterwards, whether the padding was right or not."""
    seen = []

    def spy(buffer: bytearray) -> None:
        seen.append(buffer)
        wipe(buffer)

    monkeypatch.setattr(aes_modes, "wipe", spy)
    cipher, text = CIPHERS[mode, 16], b"what nobody may see" + bytes(13)
    sealed = cipher.encrypt(bytes(16), text, aad=b"", random_bytes=os.urandom)
    if mode != "CTR" and not good:
        sealed = without_padding(mode, bytes(16), bytes(16), text)
        shared.assert_cannot_decrypt(cipher.decrypt, bytes(16), sealed, aad=b"")
    else:
        assert text == cipher.decrypt(bytes(16), sealed, aad=b"")
    assert seen
    assert all(not any(buffer) for buffer in seen)
