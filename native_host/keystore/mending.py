"""Going on with a file that was changed from outside, once its owner has decided to: nothing is deleted, and nothing is hidden.

The chain goes on from the last row there is. Rows that are at fault stay as they are, and one row more says that they were accepted just so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.keystore import chain, documents, records

if TYPE_CHECKING:
    from sqlite3 import Connection

    from native_host.keystore.chain import Head
    from native_host.keystore.sealed import StoreKeys


def mend(connection: Connection, keys: StoreKeys) -> tuple[Head, list[tuple[bytes, bytes]]]:
    """The head to go on from, from the last row there is, and what the next audit rows have to say, inside the caller's transaction."""
    head = chain.authentic_head(connection, keys)
    walked = chain.walk(connection, head)
    # Nothing but the store's keys makes it, and what happens while the store is locked must be sealed to its owner again.
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('auditPublic', ?)", (keys.audit_public(),))
    changes = [] if walked.as_it_stands is None else [(chain.ACCEPTED, walked.as_it_stands)]
    return head or chain.Head(seq=0, hash=chain.GENESIS), changes


def differing(connection: Connection, keys: StoreKeys) -> list[tuple[bytes, bytes]]:
    """The records and documents that are not as the log says, with their present digests, once its end is authentic.

    What of these opens may be taken over. What does not, and what is gone, stays refused, so that putting it right makes it good again.
    """
    return [
        (record_id, digest)
        for record_id, digest in (*records.digests(connection), *documents.digests(connection))
        if digest is not None and chain.newest_digest(connection, keys, record_id) != digest
    ]
