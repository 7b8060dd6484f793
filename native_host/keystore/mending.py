"""Going on with a file that was changed from outside, once its owner has decided to: nothing is deleted, and nothing is hidden.

The chain goes on from the last row there is. Rows that are at fault stay as they are, and one row more says that they were accepted just so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.keystore import chain, evidence, records

if TYPE_CHECKING:
    from sqlite3 import Connection

    from native_host.keystore.sealed import StoreKeys


def mend(connection: Connection, keys: StoreKeys) -> tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]]:
    """Authenticate the head at the last row there is, inside the caller's transaction.

    Gives what the audit rows have to say that are written next, and the records that are not as the log says, with their present digests:
    what of these opens may be taken over; what does not, and what is gone, stays refused, so that putting it right makes it good again.
    """
    head = chain.authentic_head(connection, keys)
    walked = chain.walk(connection, head)
    changes = [] if walked.as_it_stands is None else [(chain.ACCEPTED, walked.as_it_stands)]
    differing = {finding.record_id for finding in evidence.of_records(connection, walked) if finding.name != "key_removed"}
    last = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone() or (0, chain.GENESIS)
    version = 0 if head is None else head.version
    chain.write_head(connection, keys, chain.Head(seq=last[0], hash=last[1], version=version, settled=0 if head is None else head.settled))
    present = [(record_id, digest) for record_id, digest in records.digests(connection) if record_id in differing and digest is not None]
    return changes, present
