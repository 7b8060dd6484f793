"""SLIP-0039 against the vectors of its authors: every set that opens, with the secret in it, and every one that is not to open."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import import_module

from native_host.secret import SecretBytes
from native_host.selftest.case import Case, Check
from native_host.selftest.files import load_json


def _opens(shares: list[str], passphrase: str, secret: bytes, xprv: str) -> bool:
    code = import_module("native_host.backups.shares")
    collected = code.Collected()
    try:
        for share in shares:
            collected.add(SecretBytes(share.encode()))
        with collected.secret(SecretBytes(passphrase.encode())) as found:
            return bool(found == SecretBytes(secret) and (not xprv or _xprv(found) == xprv))
    except code.BackupRefused:
        return False


def _xprv(seed: SecretBytes) -> str:
    extended_key = import_module("native_host.suites.hd.extended_key")
    return str(extended_key.encode_extended_private(extended_key.master_key(seed.buffer)))


def _cases(path: str) -> Iterator[Case]:
    vectors = load_json(path)
    for case in vectors["cases"]:
        run = partial(_opens, case["shares"], vectors["passphrase"], bytes.fromhex(case["secret"]), case["xprv"])
        yield Case(name=case["name"], valid=bool(case["secret"]), run=run)


CHECKS: tuple[Check, ...] = (Check(standard="SLIP-0039", alg="SEED", package="", path="slip39.json", cases=_cases),)
