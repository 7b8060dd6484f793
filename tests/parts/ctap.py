"""What a FIDO2 authenticator answers with when it refuses: FIDO Alliance CTAP 2.1 (2021-06-15), section 8.2; and reading requests."""

from __future__ import annotations

from typing import Any

INVALID_COMMAND, INVALID_PARAMETER, INVALID_LENGTH = 0x01, 0x02, 0x03
UNEXPECTED_TYPE, INVALID_CBOR, MISSING_PARAMETER, CREDENTIAL_EXCLUDED = 0x11, 0x12, 0x14, 0x19
UNSUPPORTED_ALGORITHM, OPERATION_DENIED, UNSUPPORTED_OPTION, INVALID_OPTION, KEEPALIVE_CANCEL = 0x26, 0x27, 0x2B, 0x2C, 0x2D
NO_CREDENTIALS, USER_ACTION_TIMEOUT, PIN_INVALID, PIN_BLOCKED, PIN_AUTH_INVALID = 0x2E, 0x2F, 0x31, 0x32, 0x33
PIN_AUTH_BLOCKED, PIN_NOT_SET, PUAT_REQUIRED, PIN_POLICY_VIOLATION, REQUEST_TOO_LARGE, UNAUTHORIZED_PERMISSION = (
    0x34, 0x35, 0x36, 0x37, 0x39, 0x40,
)  # fmt: skip
INVALID_SUBCOMMAND = 0x3E


class Refused(Exception):
    """A request that is answered with a status other than success."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:#04x}")
        self.status = status


def need(members: Any, name: int | str, kind: type) -> Any:
    if not isinstance(members, dict):
        raise Refused(UNEXPECTED_TYPE)
    if name not in members:
        raise Refused(MISSING_PARAMETER)
    if not isinstance(members[name], kind):
        raise Refused(UNEXPECTED_TYPE)
    return members[name]
