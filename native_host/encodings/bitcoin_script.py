"""Bitcoin's scripts of the kinds that have a name, and the addresses that stand for them. Pure.

P2PKH and bare multisig (OP_CHECKMULTISIG), P2SH (BIP16), witness programs (BIP141), Taproot (BIP341), data carriers (OP_RETURN).
"""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

from native_host.encodings.base58 import encode_base58check
from native_host.encodings.bech32 import encode_segwit
from native_host.encodings.hash160 import hash160
from native_host.value import Value

Kind = Literal["p2pkh", "p2sh", "p2wpkh", "p2wsh", "p2tr", "witness", "anchor", "data", "other"]
"""``witness``: a witness program of a version, or a length, that has no rules yet. ``anchor``: P2A, which anybody may spend."""

_P2PKH_VERSION = {False: b"\x00", True: b"\x6f"}
_P2SH_VERSION = {False: b"\x05", True: b"\xc4"}
_SEGWIT_HRP = {False: "bc", True: "tb"}
_OP_0, _OP_1, _OP_16 = 0x00, 0x51, 0x60
_OP_RETURN = 0x6A
_OP_PUSHDATA1, _OP_PUSHDATA2, _OP_PUSHDATA4 = 0x4C, 0x4D, 0x4E
_PUSH_WIDTHS = {_OP_PUSHDATA1: 1, _OP_PUSHDATA2: 2, _OP_PUSHDATA4: 4}
_OP_CHECKMULTISIG = 0xAE
_MAX_KEYS = 16
_KEY_BYTES = 33
_ANCHOR = b"\x51\x02\x4e\x73"


class Multisig(Value, frozen=True, kw_only=True):
    """``required`` signatures by that many of ``keys`` (SEC 1 compressed), in the order of the script."""

    required: int
    keys: tuple[bytes, ...]


def kind_of(script: bytes) -> Kind:
    """The kind of an output script."""
    size = len(script)
    if size == 25 and script[:3] == b"\x76\xa9\x14" and script[23:] == b"\x88\xac":  # noqa: PLR2004  # the length of the template
        return "p2pkh"
    if size == 23 and script[:2] == b"\xa9\x14" and script[22:] == b"\x87":  # noqa: PLR2004
        return "p2sh"
    program = witness_program(script)
    if program is not None:
        return _witness_kind(*program)
    return "data" if script[:1] == bytes((_OP_RETURN,)) else "other"


def _witness_kind(version: int, program: bytes) -> Kind:
    if version == 0:
        return {20: "p2wpkh", 32: "p2wsh"}.get(len(program), "other")  # type: ignore[return-value]
    if version == 1 and len(program) == 32:  # noqa: PLR2004  # an x-only key
        return "p2tr"
    return "anchor" if (version, program) == (1, _ANCHOR[2:]) else "witness"


def witness_program(script: bytes) -> tuple[int, bytes] | None:
    """The version and the program of a witness program (BIP141), if the script is one."""
    if not 4 <= len(script) <= 42 or script[1] != len(script) - 2:  # noqa: PLR2004  # BIP141's bounds
        return None
    if script[0] == _OP_0:
        return 0, script[2:]
    return (script[0] - _OP_1 + 1, script[2:]) if _OP_1 <= script[0] <= _OP_16 else None


def address_of(script: bytes, *, testnet: bool) -> str | None:
    """The address that stands for an output script, if one does."""
    kind = kind_of(script)
    if kind == "p2pkh":
        return encode_base58check(_P2PKH_VERSION[testnet] + script[3:23])
    if kind == "p2sh":
        return encode_base58check(_P2SH_VERSION[testnet] + script[2:22])
    program = witness_program(script)
    return None if program is None or kind == "other" else encode_segwit(_SEGWIT_HRP[testnet], *program)


def p2pkh(public: bytes) -> bytes:
    """The script of a public key's hash."""
    return b"\x76\xa9\x14" + hash160(public) + b"\x88\xac"


def p2wpkh(public: bytes) -> bytes:
    """The witness program of a compressed public key."""
    return b"\x00\x14" + hash160(public)


def p2sh(script: bytes) -> bytes:
    """The output script that commits to ``script`` (BIP16)."""
    return b"\xa9\x14" + hash160(script) + b"\x87"


def p2wsh(script: bytes) -> bytes:
    """The witness program that commits to ``script`` (BIP141)."""
    return b"\x00\x20" + sha256(script).digest()


def p2tr(output_key: bytes) -> bytes:
    """The witness program of a Taproot output key (x-only)."""
    return b"\x51\x20" + output_key


def multisig_of(script: bytes) -> Multisig | None:
    """The keys of a script that is OP_CHECKMULTISIG over compressed keys and nothing else."""
    if len(script) < 3 + 1 + _KEY_BYTES or script[-1] != _OP_CHECKMULTISIG or (len(script) - 3) % (1 + _KEY_BYTES):
        return None
    required, total = script[0] - _OP_1 + 1, script[-2] - _OP_1 + 1
    body = script[1:-2]
    keys = tuple(body[place + 1 : place + 1 + _KEY_BYTES] for place in range(0, len(body), 1 + _KEY_BYTES))
    pushes = all(body[place] == _KEY_BYTES for place in range(0, len(body), 1 + _KEY_BYTES))
    if not pushes or total != len(keys) or not 1 <= required <= total <= _MAX_KEYS:
        return None
    return Multisig(required=required, keys=keys)


def carried_data(script: bytes) -> bytes:
    """What a script of OP_RETURN carries: what it pushes, one after the other; where it does more than push, all of its bytes."""
    data, place = b"", 1
    while place < len(script):
        opcode, place = script[place], place + 1
        width = _PUSH_WIDTHS.get(opcode, 0)
        length = int.from_bytes(script[place : place + width], "little") if width else opcode
        place += width
        if opcode > _OP_PUSHDATA4 or place + length > len(script):
            return script[1:]
        data, place = data + script[place : place + length], place + length
    return data
