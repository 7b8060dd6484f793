"""A wallet's keys for another program, and another's for a wallet: what leaves, what is asked first, and what comes in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from embit.bip32 import HDKey
from embit.bip39 import mnemonic_to_seed

from native_host.backups import universal_wallet
from native_host.secret import SecretBytes
from native_host.testing.approver import PASSPHRASE
from tests.backups.computers import Computer, keys_of, make_keys
from tests.homes import ADDON, b64, origin_of, unb64
from tests.independent import verifies
from tests.vector_files import load

PASSWORD = "the password of a wallet"
EXPORTED = load("universal_wallet_2020")["exported"]
LEAVE, TAKE = "private keys", "import"


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Computer]:
    """With a seed, an Ethereum account below it, and a key of its own."""
    computer = Computer(tmp_path / "old")
    computer.attach()
    computer.set_up()
    make_keys(computer)
    yield computer
    computer.quit()


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Computer]:
    computer = Computer(tmp_path / "new")
    computer.attach()
    computer.set_up()
    yield computer
    computer.quit()


def contents_of(file: Path) -> list[dict[str, Any]]:
    return universal_wallet.unlocked(universal_wallet.read(file.read_bytes()), SecretBytes(PASSWORD.encode()))


def exported(computer: Computer, file: Path, *, private: bool = False) -> str:
    options, typed = (("--private-keys",), (LEAVE, PASSPHRASE, PASSWORD)) if private else ((), (PASSPHRASE, PASSWORD))
    return computer.program.says("wallet", "export", str(file), *options, typed=typed)


def test_public_parts_alone(old: Computer, tmp_path: Path) -> None:
    """Without a word about private keys none is in it: each key says where it is. It is no backup, and says so."""
    file = tmp_path / "wallet.json"
    said = exported(old, file)
    assert "holds no private part" in said
    assert "strongroom backup" in said
    assert 0o600 == file.stat().st_mode & 0o777
    seed, account, alone, connection = contents_of(file)
    assert ["Mnemonic", "JsonWebKey2020", "JsonWebKey2020", "Connection"] == [one["type"] for one in (seed, account, alone, connection)]
    assert ("m/44'/60'/0'/0/0", [seed["id"]]) == (account["hdPath"], account["target"])
    assert alone["publicKeyJwk"].items() >= next(key for key in keys_of(old) if key.get("label") == "alone")["publicKeyJwk"].items()
    assert origin_of(ADDON) == connection["name"]
    for one in (seed, account, alone):
        assert one["id"] == one["privateKeyStrongroom"]
        assert not {"value", "privateKeyJwk", "multibase"} & set(one)


def test_a_round_trip(old: Computer, new: Computer, tmp_path: Path) -> None:
    """With private keys, at the person's word: they sign on another computer under the same public key; what is derived stays."""
    file = tmp_path / "wallet.json"
    assert "Of 1 of them the private part stays here" in exported(old, file, private=True)
    assert "exportPrivateKey" in old.program.says("audit", "show", typed=(PASSPHRASE,))
    said = new.program.says("wallet", "import", str(file), typed=(PASSPHRASE, PASSWORD, TAKE, ""))
    assert "2 taken in" in said
    assert re.search(r"Not taken in: +1 × Connection\nNot taken in: +1 × JsonWebKey2020", said)
    (seed, alone) = keys_of(new)
    assert ("restored", "imported") == (seed["provenance"], alone["provenance"])
    (before,) = [key for key in keys_of(old) if key.get("label") == "alone"]
    assert before["publicKeyJwk"] == alone["publicKeyJwk"]
    signature = new.open().request("sign", {"keyId": alone["keyId"], "data": b64(b"hello")})["signature"]
    assert verifies("Ed25519", before["publicKeyJwk"], b"hello", unb64(signature))
    account = {"path": "m/44'/60'/0'/0/0", "alg": "ES256K"}
    derived = new.open().request("deriveKey", {"keyId": seed["keyId"], **account})
    assert next(key for key in keys_of(old) if key.get("label") == "account")["publicKeyJwk"] == derived["publicKeyJwk"]
    again = new.program.run("wallet", "import", str(file), typed=(PASSPHRASE, PASSWORD, TAKE, ""))
    assert (1, 2) == (again.returncode, again.stdout.count("holds it already"))


def test_of_the_reference_implementation(new: Computer, tmp_path: Path) -> None:
    """Its key and its words come in; the words ask for their extra passphrase."""
    (tmp_path / "wallet.json").write_text(json.dumps(EXPORTED["credential"]))
    typed = (PASSPHRASE, EXPORTED["password"], TAKE, "TREZOR")
    said = new.program.says("wallet", "import", str(tmp_path / "wallet.json"), typed=typed)
    assert "Ed25519VerificationKey2018  My Test Key 1" in said
    (seed,) = re.findall(r"Mnemonic 1: taken in as (\S+)", said)
    words = "humble piece toy mimic miss hurdle smile awkward patch drama hurry mixture"
    expected = HDKey.from_seed(mnemonic_to_seed(words, "TREZOR")).derive("m/84h/0h/0h").to_public().to_base58()
    assert expected in new.program.says("xpub", seed, "m/84'/0'/0'", "--format", "xpub", typed=(PASSPHRASE,))


def unlocked(*contents: dict[str, Any]) -> str:
    return json.dumps({"type": ["UniversalWallet2020"], "contents": contents})


def test_an_extra_passphrase_is_told(old: Computer, tmp_path: Path) -> None:
    """Words that alone give other accounts say so in the file."""
    (tmp_path / "words.json").write_text(
        unlocked(
            {"type": "Mnemonic", "name": "with", "value": "legal winner thank year wave sausage worth useful legal winner thank yellow"}
        )
    )
    old.program.says("wallet", "import", str(tmp_path / "words.json"), typed=(PASSPHRASE, TAKE, "an extra one"))
    exported(old, tmp_path / "wallet.json", private=True)
    described = [one.get("description", "") for one in contents_of(tmp_path / "wallet.json") if one["type"] == "Mnemonic"]
    assert ["", True] == [described[0], "extra passphrase" in described[1]]


def test_entropy_is_a_seed(old: Computer, new: Computer, tmp_path: Path) -> None:
    """Out and in again as the same."""
    (tmp_path / "seed.json").write_text(unlocked({"type": "Entropy", "seed": "11" * 32}))
    old.program.says("wallet", "import", str(tmp_path / "seed.json"), typed=(PASSPHRASE, TAKE))
    exported(old, tmp_path / "wallet.json", private=True)
    assert "f" + "11" * 32 in [one.get("multibase") for one in contents_of(tmp_path / "wallet.json")]
    assert "3 taken in" in new.program.says("wallet", "import", str(tmp_path / "wallet.json"), typed=(PASSPHRASE, PASSWORD, TAKE, ""))


def test_one_that_cannot_come_in_keeps_no_other_out(new: Computer, tmp_path: Path) -> None:
    """A damaged key, one that is good for several things, words that are none: each is told, and the rest comes in."""
    p256 = {"kty": "EC", "crv": "P-256", "x": b64(bytes(32)), "y": b64(bytes(32)), "d": b64(bytes(31) + b"\1")}
    contents = (
        {"type": "JsonWebKey2020", "name": "several", "privateKeyJwk": p256},
        {"type": "JsonWebKey2020", "name": "none", "privateKeyJwk": {"kty": "?"}},
        {"type": "Mnemonic", "name": "no words", "value": "hello"},
        {"type": "Entropy", "name": "\x1b[31mred", "seed": "22" * 16},
    )
    (tmp_path / "wallet.json").write_text(unlocked(*contents))
    said = new.program.says("wallet", "import", str(tmp_path / "wallet.json"), typed=(PASSPHRASE, TAKE))
    assert "1 taken in" in said
    assert 3 == said.count("not taken in. ")
    assert "\x1b" not in said


def test_nothing_without_the_word(old: Computer, new: Computer, tmp_path: Path) -> None:
    """Neither out nor in; nor over a file; nor without a password; and a wrong one is told."""
    file = tmp_path / "wallet.json"
    export = ("wallet", "export", str(file))
    assert "Nothing was done" in old.program.refuses(*export, "--private-keys", typed=("yes", PASSPHRASE, PASSWORD))
    assert "anybody's" in old.program.refuses(*export, typed=(PASSPHRASE, ""))
    assert "no wallet of that name" in old.program.refuses(*export, "--wallet", "other", typed=(PASSPHRASE, PASSWORD))
    assert not file.exists()
    exported(old, file, private=True)
    assert "already" in old.program.refuses(*export, typed=(PASSPHRASE, PASSWORD))
    assert "not the password" in new.program.refuses("wallet", "import", str(file), typed=(PASSPHRASE, "wrong"))
    assert "Nothing was done" in new.program.refuses("wallet", "import", str(file), typed=(PASSPHRASE, PASSWORD, "no"))
    assert "There are no keys yet." in new.program.says("keys", typed=(PASSPHRASE,))
    file.write_text("hello")
    assert "no Universal Wallet" in new.program.refuses("wallet", "import", str(file), typed=(PASSPHRASE,))
