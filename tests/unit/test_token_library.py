"""python-pkcs11 as the process that loads a module imports it."""

from __future__ import annotations

import subprocess
import sys


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_what_is_not_used_of_it_is_not_imported() -> None:
    code = """
import sys
from native_host.tokens.library import import_pkcs11
imported = import_pkcs11()
import native_host.tokens.keys, native_host.tokens.wrapping, pkcs11, pkcs11._pkcs11
print("asn1crypto" in sys.modules, imported is pkcs11, callable(pkcs11.lib))
"""
    assert "False True True" == run(code)


def test_what_was_left_out_can_be_imported_later() -> None:
    code = """
from native_host.tokens.library import import_pkcs11
import_pkcs11()
from pkcs11.util.ec import encode_named_curve_parameters
print(encode_named_curve_parameters("1.2.840.10045.3.1.7").hex())
"""
    assert "06082a8648ce3d030107" == run(code)


def test_a_process_that_has_all_of_it_keeps_it() -> None:
    code = """
import pkcs11.util.rsa as before
from native_host.tokens.library import import_pkcs11
import_pkcs11()
import pkcs11.util.rsa as after
print(before is after, hasattr(after, "decode_rsa_public_key"))
"""
    assert "True True" == run(code)
