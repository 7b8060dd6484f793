"""A host's whole memory is read from outside, as root may read it, and searched for the secrets that went through it.

CPython copies, so that nobody can promise that nothing remains. This measures it: what is looked for, at which moment, and how many
copies there may be, with the reason for each that there may be. It fails when there are more.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from embit import bip32, bip39

from native_host import sodium
from native_host.kek import passphrase
from native_host.kek.symmetric import SymmetricKek
from native_host.keystore.sealed import PURPOSES, bind, unwrap_dek
from native_host.secret import SecretBytes, in_force
from native_host.testing.approver import PASSPHRASE
from native_host.testing.port import Port
from tests.homes import HOST, Home, b64, seal_for_import, unb64, unlock
from tests.parts.missing import absent, impossible

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"  # BIP39, trezor vectors, 2nd of 12 words
EXTRA = "four-and-twenty blackbirds, baked"
PATH = "m/44'/60'/0'/0/0"
TEXTS = ("passphrase", "words", "extra passphrase")
PIECE_BYTES = 16

IN_USE = tuple(f"DEK {purpose}" for purpose in PURPOSES)
KINDS, MOMENTS = ("memfd_secret", "locked"), ("open", "locked")
OPENSSL = ("ES256", *(f"RSA {name}" for name in ("d", "p", "q", "dp", "dq", "qi")))
_KEY_IN_USE = "A key in use: it lies in memory that is never swapped out or dumped, and that root can read."
_NUMBER = "OpenSSL makes a number of it to sign, and does not always wipe that; half of it is left for a while."
_SALT = "OpenSSL's PBKDF2 takes its salt from Python as bytes, which cannot be wiped."
REMAINS: dict[tuple[str, str, str], tuple[int, str]] = {
    **{("locked", "open", name): (1, _KEY_IN_USE) for name in IN_USE},
    **{(kind, moment, name): (1, _NUMBER) for kind in KINDS for moment in MOMENTS for name in OPENSSL},
    **{(kind, moment, "extra passphrase"): (1, _SALT) for kind in KINDS for moment in MOMENTS},
}
"""(what secrets lie in, moment, secret): at most so many copies, and why. Of everything else, and at every other moment, there is none."""


def allowed(kind: str, moment: str, name: str) -> int:
    return REMAINS.get((kind, moment, name), (0, ""))[0]


def b32(number: int) -> bytes:
    return number.to_bytes(32, "big")


def big_endian(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def needles(name: str, secret: bytes) -> Iterator[bytes]:
    """What is searched for: each way in which a secret can lie in memory, by its end, as what is freed loses its first bytes to the
    allocator; and by its beginning, for when it was cut off.
    """
    yield from (secret[-PIECE_BYTES:], secret[:PIECE_BYTES])
    if name in TEXTS:
        yield from (secret.decode().encode(coding)[-2 * PIECE_BYTES :] for coding in ("utf-16-le", "utf-32-le"))
        return
    yield secret[::-1][-PIECE_BYTES:]
    yield secret.hex().encode()[-PIECE_BYTES:]
    yield b64(secret).encode()[-PIECE_BYTES:]
    yield digits(secret)[:PIECE_BYTES]
    yield digits(secret[::-1])[:PIECE_BYTES]


def digits(secret: bytes) -> bytes:
    """As a Python ``int`` holds a big-endian number: 30 bits in each 4 bytes, the lowest first."""
    value = int.from_bytes(secret, "big")
    return b"".join((value >> place & (1 << 30) - 1).to_bytes(4, "little") for place in range(0, len(secret) * 8, 30))


def memory_of(pid: int) -> Iterator[bytes]:
    """Everything that a process can write to, as far as root can read it: a memfd_secret, nobody can."""
    try:
        memory = open(f"/proc/{pid}/mem", "rb", buffering=0)  # noqa: SIM115 - the block is below; only opening it may be refused
    except PermissionError:
        absent("Only root can read the memory of a host: run this as root.")
    with memory, open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        for line in maps:
            place, access, _, _, _, *name = line.split()
            if access.startswith("rw") and name[:1] != ["/secretmem"]:
                start, end = (int(part, 16) for part in place.split("-"))
                memory.seek(start)
                yield memory.read(end - start)


def copies(pid: int, known: dict[str, bytes]) -> dict[str, int]:
    """How often each secret, in whatever form, is in a process."""
    regions = list(memory_of(pid))
    return {
        name: found
        for name, secret in known.items()
        if (found := max(sum(region.count(needle) for region in regions) for needle in set(needles(name, secret))))
    }


def import_key(port: Port, jwk: dict[str, Any], alg: str) -> str:
    offer = port.request("getImportKey")
    params = {"importKeyId": offer["importKeyId"], "jwe": seal_for_import(offer, json.dumps(jwk).encode()), "alg": alg}
    return str(port.request("importKey", params)["keyId"])


def jwk_of(alg: str, secret: bytes) -> dict[str, str]:
    """A private JWK whose secret is ``secret``."""
    if alg == "Ed25519":
        public = ed25519.Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(public), "d": b64(secret)}
    if alg in {"ES256", "ES256K"}:
        curve, name = (ec.SECP256R1(), "P-256") if alg == "ES256" else (ec.SECP256K1(), "secp256k1")
        point = ec.derive_private_key(int.from_bytes(secret, "big"), curve).public_key().public_numbers()
        return {"kty": "EC", "crv": name, "x": b64(b32(point.x)), "y": b64(b32(point.y)), "d": b64(secret)}
    return {"kty": "oct", "k": b64(secret)}


def rsa_jwk(known: dict[str, bytes]) -> dict[str, str]:
    """A new RSA key, whose numbers are put among what is known."""
    key = rsa.generate_private_key(65537, 2048).private_numbers()
    numbers = {"d": key.d, "p": key.p, "q": key.q, "dp": key.dmp1, "dq": key.dmq1, "qi": key.iqmp}
    known |= {f"RSA {name}": big_endian(number) for name, number in numbers.items()}
    public = {"n": key.public_numbers.n, "e": 65537}
    return {"kty": "RSA", **{name: b64(big_endian(number)) for name, number in (public | numbers).items()}}


def keys_of_store(home: Home) -> dict[str, bytes]:
    """What opens the store, each layer of it."""
    with home.store() as store:
        (slot,) = store.slots()
        parameters = msgspec.msgpack.decode(slot.parameters, type=passphrase.Argon2Parameters)
        with SecretBytes(PASSPHRASE.encode()) as typed:
            derived = passphrase.derive_kek(typed, parameters)
        known = {"KEK": bytes(derived.buffer)}
        with SymmetricKek(derived) as kek, store.root_of(slot, kek) as root:
            known["root key"] = bytes(root.buffer)
            (store_id,) = store.connection.execute("SELECT value FROM meta WHERE name = 'storeId'").fetchone()
            wrapped = dict(store.connection.execute("SELECT purpose, wrapped FROM deks").fetchall())
            for purpose in PURPOSES:
                known[f"DEK {purpose}"] = bytes(unwrap_dek(store_id, root, purpose, wrapped[purpose]).buffer)
    return known


def seed_and_children() -> dict[str, bytes]:
    seed = bip39.mnemonic_to_seed(WORDS, EXTRA)
    master = bip32.HDKey.from_seed(seed)
    account, child = master.derive("m/44h/60h/0h"), master.derive(PATH)
    return {
        "entropy": bip39.mnemonic_to_bytes(WORDS),
        "seed": seed,
        "master key": master.key.secret,
        "master chain code": master.chain_code,
        "account key": account.key.secret,
        "child key": child.key.secret,
    }


def use_keys(port: Port, known: dict[str, bytes]) -> str:
    """Import keys that are known, make one, and use them all, also under a seed that is known; the id of the one that was made."""
    imported = {alg: b"\x01" + secrets.token_bytes(31) for alg in ("Ed25519", "ES256K", "ES256", "A256GCM", "HS256")}
    known |= imported
    keys = {alg: import_key(port, jwk_of(alg, secret), alg) for alg, secret in imported.items()}
    keys["PS256"] = import_key(port, rsa_jwk(known), "PS256")
    known["record key"] = sodium.derive_key(known["DEK secret"], bind(b"secret", unb64(keys["Ed25519"]), (1).to_bytes(4, "big")))
    made = str(port.request("generateKey", {"alg": "Ed25519"})["keyId"])
    sealed = port.request("encrypt", {"keyId": keys["A256GCM"], "alg": "A256GCM", "plaintext": b64(b"hello")})
    assert b64(b"hello") == port.request("decrypt", {"keyId": keys.pop("A256GCM"), "alg": "A256GCM", **sealed})["plaintext"]
    for key in (*keys.values(), made):
        port.request("sign", {"keyId": key, "data": b64(b"hello")})
    seed = port.request("restoreSeed")["keyId"]
    account = port.request("deriveKey", {"keyId": seed, "path": PATH, "alg": "ES256K"})["keyId"]
    port.request("signMessage", {"keyId": account, "format": "eip191", "message": b64(b"hello")})
    return made


WITHOUT_MEMFD_SECRET = """
import ctypes, os, runpy
from native_host.confinement import seccomp
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
load, equal, answer = (seccomp.LOAD, 0, 0, seccomp.NUMBER_AT), (seccomp.EQUAL, 0, 1, 447), (seccomp.RETURN, 0, 0, seccomp.ERRNO | 38)
filtered = seccomp.install([load, equal, answer, (seccomp.RETURN, 0, 0, seccomp.ALLOW)], seccomp.architecture_of(os.uname().machine))
assert filtered
runpy.run_module("native_host", run_name="__main__", alter_sys=True)
"""
HOSTS = {"memfd_secret": HOST, "locked": [sys.executable, "-I", "-c", WITHOUT_MEMFD_SECRET]}


@pytest.mark.parametrize("kind", HOSTS)
def test_what_remains_in_memory(home: Home, kind: str) -> None:
    """While a store is open and nothing is done, and once it is locked: no more than the table above says."""
    if kind == "memfd_secret" and in_force() != kind:
        impossible("This kernel has no memfd_secret, or was told to have none.")
    known = keys_of_store(home) | {"passphrase": PASSPHRASE.encode(), "words": WORDS.encode(), "extra passphrase": EXTRA.encode()}
    home.approver.type_secret("mnemonic", WORDS)
    home.approver.type_secret("bip39Passphrase", EXTRA)
    port = home.open(command=HOSTS[kind])
    known |= seed_and_children()
    made = use_keys(port, known)
    with home.store() as store:
        unlock(store)
        record = store.read(unb64(made))
        assert record is not None
        known["generated"] = bytes(store.unseal_secret(record).buffer)
    found = {("open", name): number for name, number in copies(port.process.pid, known).items()}
    port.request("lock")
    found |= {("locked", name): number for name, number in copies(port.process.pid, known).items()}
    assert {} == {place: number for place, number in found.items() if number > allowed(kind, *place)}
    if kind == "locked":
        assert {name for moment, name in found if moment == "open"} >= set(IN_USE), "the search finds what has to be there"


HOLD = """
import sys
text = sys.stdin.buffer.read(int(sys.argv[1]))
held = int.from_bytes(text, "big") if sys.argv[2] else text
if sys.argv[2]:
    del text
print(flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("form", ["raw", "reversed", "hex", "base64", "int"])
def test_the_search_finds_what_is_there(form: str) -> None:
    """Each way in which a key can lie in a process is found, and a key that is in none is not: the test above can fail."""
    secret, other = (b"\x01" + secrets.token_bytes(47) for _ in range(2))
    texts = {"reversed": secret[::-1], "hex": secret.hex().encode(), "base64": b64(secret).encode()}
    text, number = texts.get(form, secret), "number" if form == "int" else ""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(len(text)), number], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(text)
        process.stdin.flush()
        process.stdout.readline()
        found = copies(process.pid, {"key": secret, "other": other})
        process.stdin.close()
    assert ["key"] == list(found)
