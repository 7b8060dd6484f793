"""What the tests of the symmetric algorithms share: cases of vector files, and ciphertexts changed bit by bit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from native_host.selftest.case import Case, Check
from native_host.selftest.files import folder
from native_host.suites.kinds import CannotDecrypt, Ciphers, Sealed, SecretKeys


def cases_of(check: Check) -> list[Case]:
    """The cases of a file."""
    where = folder(check.package)
    assert where is not None
    return list(check.cases(os.path.join(where, check.path)))


def flipped(data: bytes) -> Iterator[bytes]:
    """``data`` with each of its bits changed."""
    for at in range(len(data)):
        for bit in range(8):
            yield data[:at] + bytes((data[at] ^ 1 << bit,)) + data[at + 1 :]


def assert_cannot_decrypt(decrypt: Callable[..., object], *args: object, **options: object) -> None:
    """The call raises exactly ``CannotDecrypt``, with the one text that it always has and no other error behind it."""
    with pytest.raises(CannotDecrypt) as caught:
        decrypt(*args, **options)
    assert CannotDecrypt is caught.type
    assert "it does not decrypt" == str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def assert_changes_are_refused(cipher: Ciphers, secret: bytes, sealed: Sealed, *, aad: bytes) -> None:
    """Every flipped bit, every other length and every move of bytes between the parts of an authenticated ciphertext."""
    for part in ("ciphertext", "iv", "tag"):
        whole = getattr(sealed, part)
        for changed in (*flipped(whole), *(whole[:length] for length in range(len(whole))), whole + b"\x00"):
            forged = replace(sealed, **{part: changed})
            assert_cannot_decrypt(cipher.decrypt, secret, forged, aad=aad)
    for changed in (*flipped(aad), aad + b"\x00"):
        assert_cannot_decrypt(cipher.decrypt, secret, sealed, aad=changed)
    for key in flipped(secret):
        assert_cannot_decrypt(cipher.decrypt, key, sealed, aad=aad)
    joined = sealed.ciphertext + sealed.tag
    for moved in (
        Sealed(ciphertext=joined, iv=sealed.iv),
        Sealed(ciphertext=sealed.iv + joined),
        Sealed(ciphertext=joined[:-17], iv=sealed.iv, tag=joined[-17:]),
        Sealed(ciphertext=sealed.ciphertext[1:], iv=sealed.iv + sealed.ciphertext[:1], tag=sealed.tag),
    ):
        if moved != sealed:  # as the last one is if there is nothing to move
            assert_cannot_decrypt(cipher.decrypt, secret, moved, aad=aad)


def assert_keys(keys: SecretKeys, lengths: set[int]) -> None:
    """Generated keys have the shortest allowed length and are the random bytes; every other length is refused everywhere."""
    drawn: list[int] = []

    def random_bytes(length: int) -> bytes:
        drawn.append(length)
        return bytes(range(length))

    secret = keys.generate_secret(random_bytes)
    assert isinstance(secret, bytearray)
    assert [min(lengths)] == drawn
    assert bytes(range(min(lengths))) == secret
    for length in (0, 1, 15, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 63, 64, 65, 1024, 1025, 5000):
        if length in lengths:
            keys.check_secret(bytes(length))
        else:
            with pytest.raises(ValueError, match=r"^the key (is|has) not"):
                keys.check_secret(bytes(length))
