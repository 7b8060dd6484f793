"""The primitives that the keystore stands on, against published vectors and against other libraries."""

from __future__ import annotations

import ast
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from nacl import bindings
from nacl._sodium import lib

from native_host import sodium

KEY = bytes(range(0x80, 0xA0))


def test_the_names_used_are_there() -> None:
    """The compiled module is not PyNaCl's published face, so its names are looked up one by one."""
    tree = ast.parse(Path(sodium.__file__).read_text(encoding="utf-8"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "lib"
    }
    assert {"crypto_pwhash", "crypto_box_seal", "crypto_sign", "crypto_aead_xchacha20poly1305_ietf_encrypt"} <= used
    assert [] == sorted(name for name in used if not hasattr(lib, name))


def test_the_sizes_are_libsodiums() -> None:
    """What is written down here is what the library says."""
    assert lib.crypto_aead_xchacha20poly1305_ietf_keybytes() == sodium.KEY_BYTES
    assert lib.crypto_aead_xchacha20poly1305_ietf_npubbytes() == sodium.NONCE_BYTES
    assert lib.crypto_aead_xchacha20poly1305_ietf_abytes() == sodium.TAG_BYTES
    assert lib.crypto_pwhash_saltbytes() == sodium.SALT_BYTES
    assert lib.crypto_box_sealbytes() == sodium.BOX_OVERHEAD_BYTES


def test_xchacha20_poly1305_vector() -> None:
    """draft-irtf-cfrg-xchacha-03, appendix A.3.1, opened and sealed."""
    plaintext = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
    aad = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    nonce = bytes(range(0x40, 0x58))
    ciphertext = bytes.fromhex(
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
        "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e"
    )
    tag = bytes.fromhex("c0875924c1c7987947deafd8780acf49")
    assert plaintext == bytes(sodium.aead_decrypt(KEY, nonce + ciphertext + tag, aad=aad))
    assert ciphertext + tag == sodium.aead_encrypt_with(KEY, nonce, plaintext, aad=aad)


@pytest.mark.parametrize("length", [0, 8, 12, 23, 25, 48])
def test_other_nonces_are_refused(length: int) -> None:
    """The library would read 24 bytes whatever it was given."""
    with pytest.raises(ValueError, match="24 bytes"):
        sodium.aead_encrypt_with(KEY, bytes(length), b"text", aad=b"")


def test_what_is_encrypted_opens_elsewhere_and_back() -> None:
    """The layout is nonce, ciphertext, tag, and every nonce is another one."""
    nonces = set()
    for size in (0, 1, 15, 16, 17, 1000):
        sealed = sodium.aead_encrypt(KEY, bytes(size), aad=b"aad")
        nonce, body = sealed[:24], sealed[24:]
        nonces.add(nonce)
        assert bytes(size) == bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(body, b"aad", nonce, KEY)
        other = nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(bytes(size), b"aad", nonce, KEY)
        assert other == sealed
    assert 6 == len(nonces)


def test_whatever_is_changed_does_not_authenticate() -> None:
    """Every bit of a ciphertext, its length, the key, the associated data."""
    sealed = sodium.aead_encrypt(KEY, b"text", aad=b"aad")
    changed = [sealed[:at] + bytes([sealed[at] ^ (1 << bit)]) + sealed[at + 1 :] for at in range(len(sealed)) for bit in range(8)]
    shortened = [sealed[:length] for length in range(len(sealed))]
    for forged in (*changed, *shortened, sealed + b"\x00", b""):
        with pytest.raises(sodium.Forged):
            sodium.aead_decrypt(KEY, forged, aad=b"aad")
    for key, aad in ((bytes(32), b"aad"), (KEY, b"aae"), (KEY, b"")):
        with pytest.raises(sodium.Forged):
            sodium.aead_decrypt(key, sealed, aad=aad)


def test_derive_key_is_hkdf_expand() -> None:
    """RFC 5869 section 2.3 for one block, as another library computes it."""
    for info in (b"", b"info", bytes(300)):
        assert HKDFExpand(SHA256(), 32, info).derive(KEY) == sodium.derive_key(KEY, info)


def test_sealed_boxes_open_for_their_key_only() -> None:
    """And in both directions with PyNaCl's own."""
    secret, public = sodium.generate_box_key()
    assert public == bindings.crypto_scalarmult_base(bytes(secret)) == sodium.x25519_public(secret)
    sealed = sodium.box_seal(public, b"text")
    assert b"text" == sodium.box_open(secret, public, sealed) == bindings.crypto_box_seal_open(sealed, public, bytes(secret))
    assert b"other" == sodium.box_open(secret, public, bindings.crypto_box_seal(b"other", public))
    other_secret, other_public = sodium.generate_box_key()
    for key, half, text in (
        (other_secret, other_public, sealed),
        (secret, public, sealed[:-1]),
        (secret, public, b""),
        (secret, other_public, sealed),
    ):
        with pytest.raises(sodium.Forged):
            sodium.box_open(key, half, text)


def test_argon2id_without_the_memory() -> None:
    """Is told, and is no wrong passphrase."""
    with pytest.raises(MemoryError):
        sodium.argon2id(b"x", bytes(16), iterations=2, memory_kib=1)


def test_ed25519_as_others_sign() -> None:
    """The expanded key is seed and public key; the signature is PyNaCl's."""
    seed = sha256(b"seed").digest()
    public, expanded = sodium.ed25519_expand(seed)
    assert bindings.crypto_sign_seed_keypair(seed) == (public, bytes(expanded))
    signature = sodium.ed25519_sign(expanded, b"data")
    assert bindings.crypto_sign(b"data", bytes(expanded))[:64] == signature
    assert sodium.ed25519_verify(public, b"data", signature)
    assert not sodium.ed25519_verify(public, b"date", signature)


def test_a_small_order_point_agrees_on_nothing() -> None:
    """RFC 7748 section 6.1: an all-zero secret is refused."""
    for public in (bytes(32), bytes([1]) + bytes(31)):
        with pytest.raises(ValueError, match="small order"):
            sodium.x25519(KEY, public)
