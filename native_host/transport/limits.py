"""How much fits: in a frame, in a batch, in one port at once (protocol sections 1 and 2). ``hello`` announces the four."""

from __future__ import annotations

REQUEST_BYTES = 1_048_576
"""The longest body that is read. Firefox takes quadratic time to send long messages, so more would serve nobody."""

RESPONSE_BYTES = 1_048_576
"""The longest body that is written: at one byte more, Chromium and Firefox close the port."""

SEALED_RESPONSE_BYTES = 786_000
"""The longest body that is written inside a sealed channel: encrypted and as base64url in its JSON it is still within ``RESPONSE_BYTES``."""

BATCH = 32
"""Calls in one batch."""

WAITING = 64
"""Calls unanswered at once; a whole batch still fits while as many others wait."""


class Oversize:
    """Stands, in the order of the stream, for a frame over the limit; its body is drained and never held."""

    __slots__ = ()
