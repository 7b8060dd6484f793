"""A secret in a buffer: wiped at the end, and shown by nothing."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback

import pytest

from native_host.secret import SecretBytes, wipe
from native_host.value import Value

SECRET = b"canary in a buffer"


def test_a_wiped_buffer_holds_zeros() -> None:
    """Whatever kind of buffer it is, in place."""
    for buffer in (bytearray(SECRET), memoryview(bytearray(SECRET)), memoryview(bytearray(SECRET * 2))[::1]):
        wipe(buffer)
        assert bytes(len(buffer)) == bytes(buffer)


def test_what_cannot_be_wiped_is_refused() -> None:
    """``bytes`` stay as they are, so nobody may believe them wiped."""
    with pytest.raises(TypeError):
        wipe(memoryview(SECRET))


def test_the_end_of_the_block_wipes() -> None:
    """Also when the block raises."""
    with SecretBytes(SECRET) as secret:
        assert SECRET == bytes(secret.buffer)
    assert bytes(len(SECRET)) == bytes(secret.buffer)
    with pytest.raises(ZeroDivisionError), SecretBytes(SECRET) as other:
        1 / 0  # noqa: B018
    assert bytes(len(SECRET)) == bytes(other.buffer)


def test_it_owns_the_buffer_that_it_is_given() -> None:
    """No second copy is made of a ``bytearray``; of ``bytes`` there is one."""
    buffer = bytearray(SECRET)
    assert buffer is SecretBytes(buffer).buffer
    SecretBytes(buffer).wipe()
    assert bytes(len(SECRET)) == bytes(buffer)


def test_it_is_not_printed() -> None:
    """Not by repr, str, format, a log, a traceback, or as part of something else."""
    secret = SecretBytes(SECRET)
    record = logging.LogRecord("x", logging.INFO, "x", 1, "%s %r", (secret, secret), None)
    shown = [repr(secret), str(secret), f"{secret}", f"{[secret]}", record.getMessage()]
    try:
        raise ValueError(secret)
    except ValueError as error:
        shown += traceback.format_exception(error)
    assert [] == [text for text in shown if "canary" in text]


def test_it_is_not_copied_out() -> None:
    """Neither by pickle nor copy nor JSON."""
    secret = SecretBytes(SECRET)
    for way in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            way(secret)


def test_equality_is_of_contents() -> None:
    """And only with another secret; there is no hash, which would be a digest of it."""
    assert SecretBytes(SECRET) == SecretBytes(SECRET)
    assert SecretBytes(SECRET) != SecretBytes(SECRET + b"!")
    assert SecretBytes(SECRET) != SECRET
    with pytest.raises(TypeError):
        hash(SecretBytes(SECRET))


def test_a_values_repr_names_its_members_only() -> None:
    """What passes between stages shows nothing either."""

    class Holder(Value, frozen=True, kw_only=True):
        token: str

    assert "Holder(token)" == repr(Holder(token="canary"))
