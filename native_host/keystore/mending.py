"""Going on with a file that was changed from outside, once its owner has decided to: nothing is deleted, and nothing is hidden.

The chain goes on from the last row there is. Rows that are at fault stay as they are, and one row more says that they were accepted just so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.keystore import chain, evidence, records
from native_host.value import Value

if TYPE_CHECKING:
    from sqlite3 import Connection

    from native_host.keystore.chain import Head
    from native_host.keystore.sealed import StoreKeys


class Mended(Value, frozen=True, kw_only=True):
    """``head`` is the one to go on from, ``changes`` what the next audit rows have to say. ``differing`` are records that are not as the
    log says, with their present digests: what of these opens may be taken over. What does not, and what is gone, stays refused, so that
    putting it right makes it good again."""

    head: Head
    changes: list[tuple[bytes, bytes]]
    differing: list[tuple[bytes, bytes]]


def mend(connection: Connection, keys: StoreKeys) -> Mended:
    """How to go on from the last row there is. Nothing is written by this."""
    head = chain.authentic_head(connection, keys)
    walked = chain.walk(connection, head)
    changes = [] if walked.as_it_stands is None else [(chain.ACCEPTED, walked.as_it_stands)]
    named = {finding.record_id for finding in evidence.of_records(connection, walked)}
    differing = [(record_id, digest) for record_id, digest in records.digests(connection) if record_id in named and digest is not None]
    return Mended(head=head or chain.Head(seq=0, hash=chain.GENESIS), changes=changes, differing=differing)
