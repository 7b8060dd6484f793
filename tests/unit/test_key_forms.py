"""What the suites use of cryptography's forms of keys is that library's own, and comes without the rest."""

from __future__ import annotations

import subprocess
import sys

from cryptography.hazmat.primitives import serialization

from native_host.suites import key_forms


def test_the_names_are_the_librarys_own_objects() -> None:
    assert key_forms.__all__ == [name for name in key_forms.__all__ if getattr(key_forms, name) is getattr(serialization, name)]


def test_an_elliptic_curve_brings_no_format_of_other_programs() -> None:
    code = """
import sys
from native_host.suites.table import SUITES
for alg in ("ES256", "ECDH-P256", "RS256"):
    SUITES[alg].code()
print("cryptography.hazmat.primitives.serialization" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True)
    assert "False" == done.stdout.strip()
