"""A host that only refuses: it answers the first frame, whatever it asks, and has nothing else to say."""

from __future__ import annotations

import os
from _thread import start_new_thread
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from native_host.caller.process import parent_gone, parent_handle, wait_for_parent
from native_host.opening import now
from native_host.transport import jsonrpc
from native_host.transport.frames import FrameReader, PeerGone, read_frames, write_frames

if TYPE_CHECKING:
    from native_host.errors import KmsError
    from native_host.keystore.file import StoreFile

TICK_SECONDS = 0.5


def refuse_and_end(error: KmsError, status: int, frames_in: int, frames_out: int) -> NoReturn:
    """Answer the first frame with ``error`` and end the process with ``status``, also when nobody is left to be refused."""
    start_new_thread(_end_with_parent, (status, os.getppid(), parent_handle()))
    _refuse(error, frames_in, frames_out)
    os._exit(status)


def note_refused_origin(opened: StoreFile, origin: str) -> None:
    """Write down that a stranger came, if that can be done now: it is a stranger either way, and learns nothing but that."""
    from native_host.audit import Audit
    from native_host.keystore.store import KeyStore

    with suppress(Exception):
        opened.hurry()
        Audit(KeyStore(opened.path, now, opened)).happened(origin, "connect", "origin not allowed")


def _refuse(error: KmsError, frames_in: int, frames_out: int) -> None:
    """Answer the first frame with ``error``, whatever it asks."""
    reader = FrameReader()
    while (frames := read_frames(frames_in, reader)) == []:
        continue
    if not frames:
        return
    parsed = jsonrpc.parse_frame(frames[0])
    replies = [(item.id, jsonrpc.encode_error(item.id, error)) for item in parsed.items if not isinstance(item, jsonrpc.Cancel)]
    try:
        if replies:
            write_frames(frames_out, [jsonrpc.encode_batch(replies) if parsed.batch else replies[0][1]])
    except PeerGone:
        return


def _end_with_parent(status: int, parent: int, handle: int | None) -> None:
    """End a host that only refuses, when nobody is left to be refused."""
    while not (wait_for_parent(handle, TICK_SECONDS) or parent_gone(parent)):
        continue
    os._exit(status)
