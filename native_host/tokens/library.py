"""python-pkcs11 without its helpers that turn keys into other forms: nothing here uses them, and with them comes asn1crypto, which takes
longer to import than all that is used.
"""

from __future__ import annotations

import sys
from types import ModuleType

HELPERS = tuple(f"pkcs11.util.{name}" for name in ("dh", "dsa", "ec", "rsa", "x509"))


def import_pkcs11() -> ModuleType:
    """The package ``pkcs11``; in a process that has imported it before, as it is."""
    # An empty module stands in the place of each for as long as the package is imported; whoever asks for one later gets the real one.
    hidden = [name for name in HELPERS if name not in sys.modules]
    sys.modules.update({name: ModuleType(name) for name in hidden})
    try:
        import pkcs11
    finally:
        for name in hidden:
            del sys.modules[name]
    return pkcs11
