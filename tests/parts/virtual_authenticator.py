"""A FIDO2 authenticator in this process: FIDO Alliance CTAP 2.1 (2021-06-15), sections 6.1, 6.2, 6.4, 6.5, 6.9 and 12.5.

It is the other party to python-fido2's client, written from the standard and not from that library: requests are read strictly,
CBOR by another implementation, and what a real key would refuse is refused with its status. A test decides how the person behaves.
It speaks no USB: this machine cannot make a HID device (no ``/dev/uhid``), so CTAPHID is left to the library's own tests.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from hmac import digest
from threading import Event
from typing import Any

import cbor2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fido2.ctap import STATUS, CtapDevice
from fido2.hid import CAPABILITY, CTAPHID

from tests.parts.client_pin import GA, MC, ClientPin
from tests.parts.ctap import (
    CREDENTIAL_EXCLUDED,
    INVALID_CBOR,
    INVALID_COMMAND,
    INVALID_LENGTH,
    INVALID_OPTION,
    INVALID_PARAMETER,
    KEEPALIVE_CANCEL,
    NO_CREDENTIALS,
    PIN_AUTH_INVALID,
    PUAT_REQUIRED,
    REQUEST_TOO_LARGE,
    UNEXPECTED_TYPE,
    UNSUPPORTED_ALGORITHM,
    UNSUPPORTED_OPTION,
    Refused,
    need,
)
from tests.parts.pin_protocols import BadLength, BadPlatformKey, ProtocolOne, ProtocolTwo

MAKE_CREDENTIAL, GET_ASSERTION, GET_INFO, CLIENT_PIN, RESET, SELECTION = 0x01, 0x02, 0x04, 0x06, 0x07, 0x0B
UP, UV, AT, ED = 0x01, 0x04, 0x40, 0x80
MAX_MESSAGE_BYTES = 1200
AAGUID = bytes.fromhex("7d1f7b0a53e14f2bb7ee6d2f3a0c5b11")


class VirtualAuthenticator:
    """The key itself. ``touch`` is the person: it returns, or raises ``Refused``."""

    def __init__(
        self,
        *,
        protocols: tuple[type[ProtocolOne], ...] = (ProtocolTwo, ProtocolOne),
        extensions: tuple[str, ...] = ("hmac-secret",),
        always_uv: bool = False,
        permissions: bool = True,
    ) -> None:
        self.extensions, self.always_uv, self.permissions = extensions, always_uv, permissions
        self.touch: Callable[[Event], None] = lambda _: None
        self.seen: list[tuple[int, dict[int, Any]]] = []
        self.touches = 0
        self._protocol_types = protocols
        self.pin = ClientPin(protocols, permissions=permissions, touched=self._touched)
        self._handlers = {
            MAKE_CREDENTIAL: self._make_credential,
            GET_ASSERTION: self._get_assertion,
            GET_INFO: self._get_info,
            CLIENT_PIN: self.pin.handle,
            RESET: self._reset,
            SELECTION: self._selection,
        }
        self._erase()

    def power_cycle(self) -> None:
        """Unplugged, and plugged in again."""
        self.pin.power_cycle()

    def handle(self, request: bytes, cancel: Event) -> bytes:
        """The answer to one request: status ‖ CBOR."""
        try:
            if len(request) > MAX_MESSAGE_BYTES:
                raise Refused(REQUEST_TOO_LARGE)
            handler = self._handlers.get(request[0])
            if handler is None:
                raise Refused(INVALID_COMMAND)
            parameters = self._decode(request[1:]) if len(request) > 1 else {}
            self.seen.append((request[0], parameters))
            self._cancel = cancel
            answer = handler(parameters)
        except Refused as refused:
            return bytes([refused.status])
        except BadPlatformKey:
            return bytes([INVALID_PARAMETER])
        except BadLength:
            return bytes([INVALID_LENGTH])
        return b"\0" + (cbor2.dumps(answer, canonical=True) if answer else b"")

    def _decode(self, body: bytes) -> dict[int, Any]:
        try:
            decoded = cbor2.loads(body)
            canonical = cbor2.dumps(decoded, canonical=True)
        except (cbor2.CBORError, UnicodeDecodeError, ValueError, TypeError):
            raise Refused(INVALID_CBOR) from None
        if canonical != body:
            raise Refused(INVALID_CBOR)
        if not isinstance(decoded, dict) or not all(isinstance(name, int) for name in decoded):
            raise Refused(UNEXPECTED_TYPE)
        return decoded

    def _erase(self) -> None:
        self._wrapping = AESGCM(os.urandom(32))
        self._counter = 0
        self.pin.erase()

    # what the person does

    def _touched(self) -> None:
        self.touches += 1
        self.touch(self._cancel)
        if self._cancel.is_set():
            raise Refused(KEEPALIVE_CANCEL)
        self.pin.spend()

    def _get_info(self, _: dict[int, Any]) -> dict[int, Any]:
        options = {"rk": False, "up": True, "clientPin": self.pin.is_set, "plat": False}
        if self.permissions:
            options |= {"pinUvAuthToken": True, "alwaysUv": self.always_uv, "makeCredUvNotRqd": False}
        return {
            1: ["FIDO_2_0", "FIDO_2_1"] if self.permissions else ["FIDO_2_0"],
            2: list(self.extensions),
            3: AAGUID,
            4: options,
            5: MAX_MESSAGE_BYTES,
            6: [kind.VERSION for kind in self._protocol_types],
            9: ["usb"],
            10: [{"alg": -7, "type": "public-key"}],
        }

    def _selection(self, _: dict[int, Any]) -> dict[int, Any]:
        self._touched()
        return {}

    def _reset(self, _: dict[int, Any]) -> dict[int, Any]:
        self._touched()
        self._erase()
        return {}

    # authenticatorMakeCredential

    def _make_credential(self, asked: dict[int, Any]) -> dict[int, Any]:
        challenge, rp, user, algorithms = (need(asked, place, kind) for place, kind in ((1, bytes), (2, dict), (3, dict), (4, list)))
        rp_id = need(rp, "id", str)
        if len(challenge) != 32 or not 1 <= len(need(user, "id", bytes)) <= 64:
            raise Refused(INVALID_LENGTH)
        if not any(need(one, "alg", int) == -7 and need(one, "type", str) == "public-key" for one in algorithms):
            raise Refused(UNSUPPORTED_ALGORITHM)
        options = _options(asked.get(7, {}))
        if options.get("rk"):
            raise Refused(UNSUPPORTED_OPTION)
        if options.get("up") is False or options.get("uv"):
            raise Refused(INVALID_OPTION)
        verified = self.pin.verified(asked, 8, challenge, MC, rp_id)
        if not verified and (self.pin.is_set or self.always_uv):
            raise Refused(PUAT_REQUIRED)
        if any(self._unwrap(one, rp_id) is not None for one in asked.get(5, [])):
            self._touched()
            raise Refused(CREDENTIAL_EXCLUDED)
        self._touched()
        wanted = asked.get(6, {}).get("hmac-secret", False)
        if not isinstance(wanted, bool):
            raise Refused(UNEXPECTED_TYPE)
        keeps = wanted and "hmac-secret" in self.extensions
        private = ec.generate_private_key(ec.SECP256R1())
        # Section 12.5: one random value for who was verified, and another for who was not.
        inside = private.private_numbers().private_value.to_bytes(32) + os.urandom(64) + bytes([keeps])
        nonce = os.urandom(12)
        credential_id = nonce + self._wrapping.encrypt(nonce, inside, rp_id.encode())
        extensions = cbor2.dumps({"hmac-secret": True}, canonical=True) if keeps else b""
        flags = UP | AT | (UV if verified else 0) | (ED if keeps else 0)
        attested = AAGUID + len(credential_id).to_bytes(2) + credential_id + cbor2.dumps(_cose(private), canonical=True)
        return {1: "none", 2: self._data(rp_id, flags) + attested + extensions, 3: {}}

    # authenticatorGetAssertion

    def _get_assertion(self, asked: dict[int, Any]) -> dict[int, Any]:
        rp_id, challenge, allowed = need(asked, 1, str), need(asked, 2, bytes), need(asked, 3, list)
        if len(challenge) != 32:
            raise Refused(INVALID_LENGTH)
        options = _options(asked.get(5, {}))
        if "rk" in options:
            raise Refused(UNSUPPORTED_OPTION)
        if options.get("uv"):
            raise Refused(INVALID_OPTION)
        present = options.get("up", True)
        verified = self.pin.verified(asked, 6, challenge, GA, rp_id)
        if self.always_uv and present and not verified:
            raise Refused(PUAT_REQUIRED)
        extensions = asked.get(4, {})
        if "hmac-secret" in extensions and not present:
            raise Refused(UNSUPPORTED_OPTION)
        found = next(((one, inside) for one in allowed if (inside := self._unwrap(one, rp_id)) is not None), None)
        if found is None:
            raise Refused(NO_CREDENTIALS)
        if present:
            self._touched()
        descriptor, inside = found
        output = b""
        if "hmac-secret" in extensions and inside[96]:
            random = inside[32:64] if verified else inside[64:96]
            output = cbor2.dumps({"hmac-secret": self._hmac_secret(extensions["hmac-secret"], random)}, canonical=True)
        flags = (UP if present else 0) | (UV if verified else 0) | (ED if output else 0)
        data = self._data(rp_id, flags) + output
        private = ec.derive_private_key(int.from_bytes(inside[:32]), ec.SECP256R1())
        return {1: {"id": descriptor["id"], "type": "public-key"}, 2: data, 3: private.sign(data + challenge, ec.ECDSA(SHA256()))}

    def _hmac_secret(self, asked: Any, random: bytes) -> bytes:
        if not isinstance(asked, dict):
            raise Refused(UNEXPECTED_TYPE)
        protocol = self.pin.protocol(asked.get(4, 1))
        secret = protocol.decapsulate(asked.get(1))
        salts, proof = need(asked, 2, bytes), need(asked, 3, bytes)
        if not protocol.verify(secret, salts, proof):
            raise Refused(PIN_AUTH_INVALID)
        salt = protocol.decrypt(secret, salts)
        if len(salt) not in {32, 64}:
            raise Refused(INVALID_LENGTH)
        return protocol.encrypt(secret, b"".join(digest(random, salt[at : at + 32], "sha256") for at in range(0, len(salt), 32)))

    def _unwrap(self, descriptor: Any, rp_id: str) -> bytes | None:
        credential_id = need(descriptor, "id", bytes)
        if need(descriptor, "type", str) != "public-key" or len(credential_id) < 12 + 16:
            return None
        try:
            return self._wrapping.decrypt(credential_id[:12], credential_id[12:], rp_id.encode())
        except InvalidTag:
            return None

    def _data(self, rp_id: str, flags: int) -> bytes:
        self._counter += 1
        return sha256(rp_id.encode()).digest() + bytes([flags]) + self._counter.to_bytes(4)


def _options(options: Any) -> dict[str, bool]:
    if not isinstance(options, dict) or not all(isinstance(value, bool) for value in options.values()):
        raise Refused(UNEXPECTED_TYPE)
    return options


def _cose(private: ec.EllipticCurvePrivateKey) -> dict[int, Any]:
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]}


class VirtualKey(CtapDevice):
    """The key in a port: what python-fido2 talks to. ``says`` replaces the answer to a command; out of the port there is none."""

    def __init__(self, authenticator: VirtualAuthenticator | None = None) -> None:
        self.authenticator = authenticator or VirtualAuthenticator()
        self.says: dict[int, Callable[[bytes], bytes]] = {}
        self.plugged = True
        self.closed = 0

    @property
    def capabilities(self) -> int:
        return CAPABILITY.CBOR

    def call(self, cmd: int, data: bytes = b"", event: Event | None = None, on_keepalive: Callable[[STATUS], None] | None = None) -> bytes:
        assert cmd == CTAPHID.CBOR
        if not self.plugged:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        answer = self.authenticator.handle(data, event or Event())
        if not self.plugged:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return self.says[data[0]](answer) if data[0] in self.says else answer

    def close(self) -> None:
        self.closed += 1

    def replug(self) -> None:
        self.authenticator.power_cycle()
        self.plugged = True

    @classmethod
    def list_devices(cls) -> Iterator[CtapDevice]:
        return iter(())
