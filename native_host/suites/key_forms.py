"""The forms of keys that the suites read and write, out of cryptography's ``serialization``, and without the rest of that package.

It brings the formats of OpenSSH and PKCS#12 with it, which nothing here uses and which take longer to import than all that computes:
8 ms at the first signature with a key of NIST's curves. The names are the package's own objects, from the modules that define them; where
another version of cryptography has them elsewhere, they come by way of the package.
"""

from __future__ import annotations

try:
    from cryptography.hazmat.bindings._rust import openssl
    from cryptography.hazmat.primitives._serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    load_der_private_key = openssl.keys.load_der_private_key
except (ImportError, AttributeError):
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
        load_der_private_key,
    )

__all__ = ["Encoding", "NoEncryption", "PrivateFormat", "PublicFormat", "load_der_private_key"]
