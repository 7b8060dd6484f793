"""A key by algorithm, scheme and path: the one door to BIP32, SLIP-0010, SLIP-0021, EIP-2333, CIP-1852 for who does not care which.

A path is refused by what its curve can do, not by convention: any that BIP32 can derive is derived. EIP-2333 has no hardened
indices, SLIP-0010 only those on Ed25519 and X25519. SLIP-0021 has labels in place of indices: ``m/SLIP-0021/Master encryption key``.
BIP85 gives recovery words, which are a new seed: ``m/83696968'/39'/language'/words'/index'``, made where seeds are made.
"""

from __future__ import annotations

from native_host.suites.hd import accounts
from native_host.suites.hd.path import HARDENED, Path, format_path, parse_path

Secret = bytes | bytearray | memoryview

SCHEMES: dict[str, frozenset[str]] = {
    "BIP32": frozenset({"ES256K", "ES256K-R", "BIP340"}),
    "SLIP10": frozenset({"ES256K", "ES256K-R", "BIP340", "ES256", "Ed25519", "X25519"}),
    "EIP2333": frozenset({"BLS12381G2"}),
    "CIP1852": frozenset({"Ed25519-BIP32"}),
    "SLIP21": frozenset({"A256GCM", "C20P", "XC20P", "HS256"}),
    "BIP85": frozenset({"BIP39"}),
}
"""Which algorithms a scheme derives."""

_MAX_LABELS = 16
_BIP85_LEVELS = 5
_HARDENED_ONLY = frozenset({"Ed25519", "X25519"})


def canonical_path(path: str, *, scheme: str, alg: str) -> str:
    """The path as it is kept and compared: hardened indices with ``'``.

    Raises:
        ValueError: if it is no path, or not one that ``alg`` can derive by ``scheme``.
    """
    if scheme == "SLIP21":
        return "/".join(["m", *(label.decode() for label in _labels(path, alg=alg))])
    return format_path(_indices(path, scheme=scheme, alg=alg))


def derive(
    alg: str,
    scheme: str,
    seed: Secret,
    path: str,
    *,
    entropy: Secret | None = None,
    language: str = "english",
    passphrase: str = "",
) -> bytearray:
    """The secret of ``alg`` at ``path`` under a seed of 16 to 64 bytes (EIP-2333: at least 32); the caller wipes it.

    32 bytes, for ``Ed25519-BIP32`` 96. CIP-1852 starts from the entropy of recovery words and their passphrase, not from the seed
    that BIP39 makes of them; to be sure that these are the right ones, the seed is made again from them and compared. Other
    schemes do not read ``entropy``, ``language`` and ``passphrase``.

    Raises:
        ValueError: if the path is none, ``alg`` cannot derive it by ``scheme``, the seed has another length, BIP32 has no key there,
            or CIP-1852 has no entropy or one that does not give the seed.
    """
    if scheme == "SLIP21":
        from native_host.suites.hd import slip21

        return slip21.derive(seed, _labels(path, alg=alg))
    indices = _indices(path, scheme=scheme, alg=alg)
    if scheme == "BIP32":
        from native_host.suites.hd import bip32

        return bip32.derive(seed, indices)
    if scheme == "SLIP10":
        return _derive_slip10(alg, seed, indices)
    if scheme == "EIP2333":
        from native_host.suites.hd import eip2333

        return eip2333.derive(seed, indices)
    if scheme == "BIP85":
        raise ValueError("BIP85 gives a seed of its own, not the secret of a path")
    if entropy is None:
        raise ValueError("CIP-1852 starts from the entropy of recovery words, and the seed has none")
    _check_entropy(seed, entropy, language, passphrase)
    from native_host.suites.hd import cip3

    return cip3.derive(entropy, passphrase, indices)


def address(alg: str, path: str | None, public: bytes) -> str | None:
    """The address of a key, if its path says which chain it is for."""
    account = accounts.account_at(alg, parse_path(path)) if path is not None else None
    return None if account is None else accounts.address_of(account, public)


def _indices(path: str, *, scheme: str, alg: str) -> Path:
    indices = parse_path(path)
    if alg not in SCHEMES.get(scheme, ()):
        raise ValueError("the algorithm is not derived by that scheme")
    if scheme == "EIP2333":
        from native_host.suites.hd import eip2333

        eip2333.check_path(indices)
    elif scheme == "BIP85":
        bip85_words(path)
    elif alg in _HARDENED_ONLY and any(index < HARDENED for index in indices):
        raise ValueError("the algorithm has hardened children only")
    return indices


def bip85_words(path: str) -> tuple[str, int, int]:
    """The language, the number of words and the index of a BIP85 path, application 39'; raises ``ValueError``."""
    from native_host.suites.hd import bip39, bip85

    indices = tuple(index - HARDENED for index in parse_path(path))
    if len(indices) != _BIP85_LEVELS or min(indices) < 0 or indices[:2] != (83696968, 39):
        raise ValueError("not the path of recovery words by BIP85")
    language, words, index = indices[2:]
    if language >= len(bip39.LANGUAGES) or words not in bip85.WORDS:
        raise ValueError("there are no recovery words of that number or in that language")
    return bip39.LANGUAGES[language], words, index


def _labels(path: str, *, alg: str) -> tuple[bytes, ...]:
    root, *labels = path.split("/")
    if alg not in SCHEMES["SLIP21"] or root != "m" or not 1 <= len(labels) <= _MAX_LABELS:
        raise ValueError("not a path of SLIP-0021")
    if not all(label and label.isascii() and label.isprintable() and label.strip() == label for label in labels):
        raise ValueError("a label of SLIP-0021 here is printable ASCII without spaces around it")
    return tuple(label.encode() for label in labels)


def _derive_slip10(alg: str, seed: Secret, indices: Path) -> bytearray:
    from native_host.suites.hd import slip10

    match alg:
        case "Ed25519":
            return slip10.derive_ed25519(seed, indices)
        case "X25519":
            return slip10.derive_curve25519(seed, indices)
        case "ES256":
            return slip10.derive_nist256p1(seed, indices)
    return slip10.derive_secp256k1(seed, indices)


def _check_entropy(seed: Secret, entropy: Secret, language: str, passphrase: str) -> None:
    """A passphrase forgotten here would give the keys of another wallet, and no error."""
    from hmac import compare_digest

    from native_host.secret import wipe
    from native_host.suites.hd import bip39

    words = bip39.words_of_entropy(entropy, language)
    made = bip39.seed_of_mnemonic(words, passphrase)
    wipe(words)
    same = compare_digest(made, seed)
    wipe(made)
    if not same:
        raise ValueError("the seed is not the one of this entropy, language and passphrase")
