"""Keys brought in from files at the command line, and public keys printed: what is said, what comes out, and every refusal in a sentence."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from embit.bip32 import HDKey
from embit.bip39 import mnemonic_to_seed
from eth_account import Account
from jwcrypto.jwk import JWK

from tests.cli.test_program import PASSPHRASE, Program
from tests.homes import b64
from tests.vector_files import load

PASSWORD = "what opens the file"
SECRET = bytes(range(1, 33))
WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"  # BIP39, trezor vectors, 2nd of 12 words
WIF = "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617"  # Bitcoin Wiki, Wallet import format
P256 = ec.derive_private_key(int.from_bytes(SECRET, "big"), ec.SECP256R1())


def pem(key: Any, password: str | None = None) -> str:
    lock = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    text: str = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock).decode()
    return text


class Owner(Program):
    """With a keystore; ``bring`` imports a file that holds a text."""

    def run_bring(self, text: str, *options: str, secrets: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        path = self.home.parent / "key file"
        path.write_text(text, encoding="utf-8")
        done = self.run("import", str(path), *options, secret="\n".join((PASSPHRASE, *secrets)))
        for secret in (PASSPHRASE, *filter(None, secrets)):
            assert secret not in done.stdout + done.stderr
        return done

    def bring(self, text: str, *options: str, secrets: tuple[str, ...] = ()) -> str:
        done = self.run_bring(text, *options, secrets=secrets)
        assert 0 == done.returncode, done.stderr
        return done.stdout

    def bring_id(self, text: str, *options: str, secrets: tuple[str, ...] = ()) -> str:
        (found,) = re.findall(r"Key id: +(\S+)", self.bring(text, *options, secrets=secrets))
        return str(found)

    def refusal(self, text: str, *options: str, secrets: tuple[str, ...] = ()) -> str:
        """What is said of a file that does not come in."""
        done = self.run_bring(text, *options, secrets=secrets)
        assert 1 == done.returncode, done.stdout
        assert [] == self.listed()
        return done.stderr

    def listed(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [row["key"] for row in json.loads(self.says("keys", "--json", secret=PASSPHRASE))]
        return found


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    owner = Owner(tmp_path)
    owner.says("init", secret=PASSPHRASE)
    return owner


def keystore(**changed: Any) -> str:
    """An Ethereum keystore by another library, as cheap as it lets."""
    return json.dumps({**Account.encrypt(SECRET, PASSWORD, kdf="pbkdf2", iterations=1000), **changed})


def test_an_ethereum_keystore(owner: Owner) -> None:
    """Its password is the line after the passphrase; its address and the advice to remove the file are said."""
    said = owner.bring(keystore(), "--label", "old wallet", secrets=(PASSWORD,))
    address = Account.from_key(SECRET).address
    assert f"Address:     {address}" in said
    assert "remove it there" in said
    (key,) = owner.listed()
    assert ("ES256K", "imported", "old wallet", address) == (key["alg"], key["provenance"], key["label"], key["address"])
    assert f"{address}\n" == owner.says("public-key", key["keyId"], "--format", "address", secret=PASSPHRASE)


def test_a_validators_keystore(owner: Owner) -> None:
    """EIP-2335's own test case: the public key is the one that it prints."""
    vectors = load("eip2335")
    key = owner.bring_id(json.dumps(vectors["vectors"][1]["keystore"]), secrets=(vectors["password"],))
    jwk = json.loads(owner.says("public-key", key, secret=PASSPHRASE))
    assert {"kty": "OKP", "crv": "BLS12381G1", "x": b64(bytes.fromhex(vectors["public"]))} == jwk


def test_other_forms(owner: Owner) -> None:
    """Each is found by its looks, and is kept for the algorithm that it is for; what is lost is said."""
    assert "Algorithm:   ES256K" in owner.bring(WIF)
    tree = HDKey.from_seed(SECRET)
    assert "not what derives the keys below it" in owner.bring(tree.to_base58())
    assert "Algorithm:   ES256" in owner.bring(pem(P256), "--alg", "ES256")
    assert "Algorithm:   HS512" in owner.bring(json.dumps({"kty": "oct", "k": b64(SECRET * 2), "alg": "HS512"}))
    said = owner.bring(pem(ed25519.Ed25519PrivateKey.generate(), PASSWORD), "--usage", "sign", secrets=(PASSWORD,))
    assert "May be used: sign\n" in said
    assert ["ES256K", "ES256K", "ES256", "HS512", "Ed25519"] == [key["alg"] for key in owner.listed()]


def test_recovery_words(owner: Owner) -> None:
    """Become the seed that restoring them makes, with the extra passphrase; its extended public keys are those of another library."""
    seed = owner.bring_id(f"{WORDS}\n", secrets=("TREZOR",))
    (key,) = owner.listed()
    assert ("BIP39", "restored", "active", ["deriveKey"]) == (key["alg"], key["provenance"], key["state"], key["usages"])
    root = HDKey.from_seed(mnemonic_to_seed(WORDS, "TREZOR"))
    account = root.derive("m/84h/0h/0h").to_public()
    assert account.to_base58(bytes.fromhex("04b24746")) == owner.says("xpub", seed, "m/84'/0'/0'", secret=PASSPHRASE).strip()
    assert account.to_base58() == owner.says("xpub", seed, "m/84'/0'/0'", "--format", "xpub", secret=PASSPHRASE).strip()


def test_words_of_two_languages(owner: Owner) -> None:
    """Are not guessed at: the languages are named, and one of them is kept."""
    words = next(iter(_ambiguous()))
    said = owner.refusal(words, secrets=("",))
    assert "--language english" in said
    assert "--language french" in said
    owner.bring(words, "--language", "french", secrets=("",))


def _ambiguous() -> list[str]:
    """Words that are in two lists with a right checksum in both, found by trying."""
    from itertools import product

    from mnemonic import Mnemonic

    english, french = Mnemonic("english"), Mnemonic("french")
    shared = sorted({*english.wordlist} & {*french.wordlist})
    for last in product(shared, repeat=3):
        words = " ".join((*shared[:9], *last))
        if english.check(words) and french.check(words):
            return [words]
    raise AssertionError


REFUSED: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], str]] = {
    "a wrong password": (keystore(), (), ("another",), "password does not open this key file"),
    "another account's": (keystore(address="00" * 20), (), (PASSWORD,), "not the one of the address"),
    "too costly": (
        keystore().replace('"c": 1000', '"c": 1000000000'), (), (PASSWORD,), "ten million rounds",
    ),
    "no form": ("hello", (), (), "no key file of a form"),
    "empty": ("", (), (), "no key file of a form"),
    "a typing error": (WIF[:-1] + "x", (), (), "checksum"),
    "words that are none": ("abandon " * 12, (), (), "not recovery words"),
    "words for one algorithm": (WORDS, ("--alg", "ES256K"), (), "These are recovery words"),
    "a key in a language": (WIF, ("--language", "french"), (), "no recovery words"),
    "for several": (pem(P256), (), (), "--alg ECDH-P256"),
    "for another": (pem(P256), ("--alg", "Ed25519"), (), "cannot be used for Ed25519"),
    "for none": (WIF, ("--alg", "XYZ"), (), "does not offer"),
    "a usage that it has not": (WIF, ("--usage", "decrypt"), (), "does not have that usage"),
    "another wallet": (WIF, ("--wallet", "nobody"), (), "no wallet of that name"),
    "too long": ("x" * (1024 * 1024 + 1), (), (), "too long for a key file"),
    "an RSA key that is too short": (
        pem(rsa.generate_private_key(65537, 1024)), ("--alg", "RS256"), (), "2048, 3072 or 4096",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "options", "secrets", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_come_in(owner: Owner, text: str, options: tuple[str, ...], secrets: tuple[str, ...], said: str) -> None:
    """Each with a sentence of its own, and nothing is kept."""
    assert said in owner.refusal(text, *options, secrets=secrets)


def test_once_in_a_wallet(owner: Owner) -> None:
    """The second time it is there already."""
    owner.bring(WIF)
    again = owner.run_bring(WIF)
    assert (1, True) == (again.returncode, "already holds" in again.stderr)


def test_a_second_password_is_another_try(owner: Owner) -> None:
    """As long as there are lines, at most three."""
    owner.bring(keystore(), secrets=("wrong", "wrong again", PASSWORD))


def test_what_is_not_there(owner: Owner) -> None:
    """A file that is not, and standard input for two things at once."""
    assert "No such file" in owner.run("import", "/nowhere/key", secret=PASSPHRASE).stderr
    assert 2 == owner.run("import", "-", secret=PASSPHRASE).returncode
    assert 2 == owner.run("import", "x", "--usage", "everything").returncode


def test_the_file_on_standard_input(owner: Owner) -> None:
    """Then the secrets come from the terminal."""
    person, terminal = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "native_host.cli", "import", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=owner.environ,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(terminal), os.O_RDWR)),
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdin.write(WIF.encode())
        program.stdin.close()
        # What is typed before the prompt does not count.
        prompt = b""
        while not prompt.endswith(b": "):
            more = program.stderr.read(1)
            assert more, prompt
            prompt += more
        os.write(person, f"{PASSPHRASE}\n".encode())
        said, complaint = program.stdout.read(), program.stderr.read()
    os.close(person)
    os.close(terminal)
    assert (0, True) == (program.returncode, b"Algorithm:   ES256K" in said), complaint


def test_public_keys(owner: Owner) -> None:
    """In every form, each read by another library or said by a standard to be the same key."""
    key = owner.bring_id(pem(P256), "--alg", "ES256")
    point = P256.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    forms = {
        form: owner.says("public-key", key, "--format", form, secret=PASSPHRASE).strip()
        for form in ("jwk", "multikey", "did-key", "did-jwk", "cose", "spki")
    }
    jwk = {"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
    assert jwk == json.loads(forms["jwk"])
    assert JWK(**jwk).thumbprint() == JWK.from_pem(forms["spki"].encode()).thumbprint()
    assert P256.public_key() == load_pem_public_key(forms["spki"].encode())
    assert f"did:key:{forms['multikey']}" == forms["did-key"]
    assert forms["did-key"].startswith("did:key:zDn")  # did:key, section on P-256
    assert forms["did-jwk"].startswith("did:jwk:ey")
    assert point[1:33].hex() in forms["cose"]


NO_FORM = {
    "a seed": (WORDS, "jwk", ("",), "strongroom xpub"),
    "a symmetric key": (json.dumps({"kty": "oct", "k": b64(SECRET), "alg": "HS256"}), "jwk", (), "no public part"),
    "no chain": (WIF, "address", (), "which chain"),
    "a kind that has no PEM": (
        json.dumps(load("eip2335")["vectors"][1]["keystore"]),
        "spki",
        (load("eip2335")["password"],),
        "no such form",
    ),
}


@pytest.mark.parametrize(("text", "form", "secrets", "said"), NO_FORM.values(), ids=NO_FORM.keys())
def test_a_form_that_it_has_not(owner: Owner, text: str, form: str, secrets: tuple[str, ...], said: str) -> None:
    """Is refused in a sentence."""
    key = owner.bring_id(text, secrets=secrets)
    done = owner.run("public-key", key, "--format", form, secret=PASSPHRASE)
    assert (1, True) == (done.returncode, said in done.stderr), done.stderr


def test_a_key_that_is_not_there(owner: Owner) -> None:
    """No wallet has it, whatever the id looks like; an extended public key is of a seed and a hardened path."""
    for command in (("public-key", "x" * 22), ("public-key", "\u202e"), ("xpub", "x" * 22, "m/84'/0'/0'")):
        done = owner.run(*command, secret=PASSPHRASE)
        assert (1, True) == (done.returncode, "No wallet holds" in done.stderr)
    key, seed = owner.bring_id(WIF), owner.bring_id(WORDS, secrets=("",))
    assert 1 == owner.run("xpub", key, "m/84'/0'/0'", secret=PASSPHRASE).returncode
    assert "hardened index" in owner.run("xpub", seed, "m/84'/0'/0'/0", secret=PASSPHRASE).stderr
