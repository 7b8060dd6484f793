"""AES-GCM: SP 800-38D; JOSE ``A128GCM``, ``A192GCM``, ``A256GCM`` (RFC 7518 section 5.3), on cryptography (OpenSSL).

The nonce has 12 bytes and is random (SP 800-38D section 8.2.2), the tag 16; the standard's other lengths are not offered.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from native_host.suites.symmetric import Aead

A128GCM = Aead(key_bytes=16, primitive=AESGCM)
A192GCM = Aead(key_bytes=24, primitive=AESGCM)
A256GCM = Aead(key_bytes=32, primitive=AESGCM)
