"""The digest of the browser's program file, held against what its package recorded: made once for each version of the file, when nobody waits.

A browser's program has some hundred MiB, of which the digest takes half a second or more. So it is made on a thread of its own, from a
descriptor that was opened before this process confined itself, and kept in the keystore, under what the file system says of the file: a
program of the same user could write to any other place. Until it is there, windows say what is known without it.
"""

from __future__ import annotations

import os
from _thread import start_new_thread
from typing import TYPE_CHECKING

from msgspec import MsgspecError
from msgspec.msgpack import decode, encode

from native_host.caller.program_file import SIGNAL, Digests, Identity, digest, program_evidence
from native_host.errors import CannotUnseal
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.caller.program_file import Program
    from native_host.operations.house import House

DOCUMENT = "browserPrograms"
MOST_REMEMBERED = 16


class Remembered(Value, frozen=True, kw_only=True):
    """The digests of the file that lay at ``path`` with this identity."""

    path: str
    identity: Identity
    digests: Digests


class BrowserProgram:
    """The file that runs as our parent; used with the house lock held. ``descriptor`` is closed here."""

    def __init__(self, program: Program | None, descriptor: int | None) -> None:
        self._program = program
        self._descriptor = descriptor
        self._made: Digests | None = None

    def tell(self, house: House) -> None:
        """Have every window say what is known of the file without its digest."""
        if self._program is not None:
            self._tell(house, None)

    def begin(self, house: House) -> None:
        """The store is open: take the digest from there, or have it made. Where what was kept was changed from outside, windows go on saying what
        is known without it: that is told elsewhere, and this is no reason to close the keystore."""
        program, descriptor = self._program, self._descriptor
        if program is None or descriptor is None:
            return
        self._descriptor = None
        try:
            remembered = _remembered(house)
        except CannotUnseal:
            os.close(descriptor)
            return
        known = next((one for one in remembered if (one.path, one.identity) == (_name(program), program.identity)), None)
        if known is None and program.record is not None:
            start_new_thread(self.make, (descriptor,))
            return
        os.close(descriptor)
        if known is not None:
            self._tell(house, known.digests)

    def make(self, descriptor: int) -> None:
        """Make the digests; runs on a thread of its own, without the house lock."""
        self._made = digest(descriptor)
        os.close(descriptor)

    def conclude(self, house: House) -> None:
        """Once they are made, tell and keep them; the store is open."""
        made, program = self._made, self._program
        if made is None or program is None or not house.store.is_unlocked:
            return
        self._made = None
        self._tell(house, made)
        new = Remembered(path=_name(program), identity=program.identity, digests=made)
        kept = [new, *(one for one in _remembered(house) if one.path != new.path)][:MOST_REMEMBERED]
        with house.store.transaction():
            house.store.write_document(encode(kept), DOCUMENT)
            house.audit.happened("strongroom:host", "noteBrowser", f"{new.path}; sha256 {made.sha256}")

    def _tell(self, house: House, digests: Digests | None) -> None:
        if house.installed is not None and self._program is not None:
            told = program_evidence(self._program, digests, uid=os.getuid())
            house.installed.tell(SIGNAL, told.level, told.text)


def _name(program: Program) -> str:
    return program.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _remembered(house: House) -> list[Remembered]:
    content = house.store.document(DOCUMENT)
    if not content:
        return []
    try:
        return decode(content, type=list[Remembered])
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise CannotUnseal from None
