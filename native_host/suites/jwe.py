"""Opening a key for import: a compact JWE (RFC 7516 section 7.1) to an X25519 key of the host.

Exactly ``ECDH-ES+A256KW`` (RFC 7518 section 4.6) with ``A256GCM`` (section 5.3) and an ephemeral OKP X25519 key (RFC
8037 section 3.2). No compression, which tells of its plaintext by its length, and no critical extensions.
"""

from __future__ import annotations

from native_host.suites.jwe_content import decrypt_jwe

KEY_MANAGEMENT = "ECDH-ES+A256KW"
CONTENT_ENCRYPTION = "A256GCM"


class CannotOpen(ValueError):
    """Whatever is wrong: which of the steps failed is not told, as answers that differ can be asked about."""


def open_jwe(text: str, secret: bytes | bytearray | memoryview) -> bytearray:
    """The plaintext; ``secret`` is the 32-byte X25519 key it was encrypted to.

    Raises:
        CannotOpen: for whatever reason, and if there is nothing inside: nothing is no key.
    """
    try:
        plaintext = decrypt_jwe(text.encode("ascii"), secret, alg=KEY_MANAGEMENT, enc=CONTENT_ENCRYPTION, curve="X25519")
    except ValueError:
        raise CannotOpen("the JWE cannot be opened") from None
    if not plaintext:
        raise CannotOpen("the JWE cannot be opened")
    return plaintext
