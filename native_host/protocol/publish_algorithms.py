"""The table of ``docs/algorithms.md``: which operation each algorithm supports, made from the list of suites."""

from __future__ import annotations

from native_host.suites.table import SUITES, UNSUPPORTED, Suite

_OPERATIONS = {
    "signature": ("sign", "verify"),
    "mac": ("sign", "verify"),
    "cipher": ("encrypt", "decrypt"),
    "publicCipher": ("encrypt", "decrypt"),
    "jwe": ("encrypt", "decrypt"),
    "wrap": ("wrapKey", "unwrapKey"),
    "agreement": ("deriveSecret",),
    "kem": ("encapsulate", "decapsulate"),
    "seed": ("deriveKey", "getPublicKey"),
}
_KINDS = {
    "signature": "Signatures",
    "mac": "Message authentication codes",
    "cipher": "Symmetric encryption",
    "publicCipher": "Encryption to a public key",
    "jwe": "JSON Web Encryption",
    "wrap": "Key wrapping",
    "agreement": "Key agreement",
    "kem": "Key encapsulation",
    "seed": "Seeds",
}


_DECODED = {
    "ES256K": ("signTransaction", "signTypedData", "signPsbt"),
    "ES256K-R": ("signTransaction", "signTypedData"),
    "Ed25519": ("signTransaction",),
    "BIP39": ("signPsbt",),
    "SEED": ("signPsbt",),
}
"""What is decoded before it is signed: Ethereum's transactions and typed data, Bitcoin's PSBTs, Solana's transactions."""


def operations_of(suite: Suite) -> tuple[str, ...]:
    """The methods that use a key of this algorithm, or this algorithm with a key of another."""
    found = list(_OPERATIONS[suite.kind])
    if suite.jws_alg is not None and "jws" in suite.usages:
        found.append("signJws")
    if "message" in suite.usages:
        found.append("signMessage")
    found += _DECODED.get(suite.alg, ())
    if suite.aggregates:
        found += ["aggregateSignatures", "aggregateVerify"]
    if any("wrapKey" in usages for usages in suite.other_usages):
        found += ["wrapKey", "unwrapKey"]
    return tuple(found)


def algorithms_table() -> str:
    """One table a kind, and the algorithms that are not here with the reason."""
    text = ""
    for kind, title in _KINDS.items():
        rows = "".join(_row(suite) for suite in SUITES.values() if suite.kind == kind)
        text += f"### {title}\n\n| `alg` | standard | operations | usages of a new key | JWK | made | imported | derived by | to know |\n"
        text += f"|---|---|---|---|---|---|---|---|---|\n{rows}\n"
    missing = "".join(f"| `{alg}` | {reason} |\n" for alg, reason in UNSUPPORTED.items())
    return f"{text}### Answered `unsupported`\n\n| `alg` | why |\n|---|---|\n{missing}"


def _row(suite: Suite) -> str:
    usages = " *or* ".join(_listed(usages) for usages in suite.usage_sets() if usages)
    jwk = " ".join(filter(None, (suite.kty, suite.crv)))
    carried = (
        _yes(yes=suite.generated),
        _yes(yes=suite.imported and suite.alg != "BIP39"),
        _listed(suite.schemes),
        ", ".join(suite.labels),
    )
    cells = (f"`{suite.alg}`", suite.standard, _listed(operations_of(suite)), usages, jwk, *carried)
    return f"| {' | '.join(cells)} |\n"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _yes(*, yes: bool) -> str:
    return "yes" if yes else ""
