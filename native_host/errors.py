"""Every refusal of the host, once. The codes and reasons are published in the protocol, section 3.

The tree::

    KmsError
      ParseError          -32700  parse_error
      InvalidRequest      -32600  invalid_request
      MethodNotFound      -32601  method_not_found
      InvalidParams       -32602  invalid_params       data.path
      Internal            -32603  internal             data.incident
      UserRejected         4001   user_rejected
      OriginNotAllowed     4100   origin_not_allowed
      PolicyDenied         4100   policy_denied
      NotPaired            4100   not_paired
      CallerChanged        4100   caller_changed
      Unsupported          4200   unsupported          data.detail
      HelloRequired        5000   hello_required
      Locked               5001   locked
      UnknownKey           5002   unknown_key
      KeyState             5003   key_state
      UsageNotAllowed      5004   usage_not_allowed
      TooLarge             5005   too_large
      Cancelled            5006   cancelled
      Busy                 5007   busy                 data.retryAfterSeconds
      Uninitialized        5008   uninitialized
      CannotUnseal         5009   cannot_unseal
      BackendUnavailable   5010   backend_unavailable  data.detail
      Duplicate            5011   duplicate
      DecryptionFailed     5012   decryption_failed

Codes and reasons are append-only; a retired number stays here as a comment. A message is a plain sentence
for a person that says what to do next, and holds no value of the caller and no secret.
"""

from __future__ import annotations


class KmsError(Exception):
    """Base of everything the host refuses with. ``code`` and ``reason`` go on the wire as they stand. ``is_recorded``: the record of decisions
    has an entry of this refusal."""

    code: int = -32603
    reason: str = "internal"
    default_message: str = "Something went wrong in the host."
    is_recorded: bool = False

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.default_message)

    def data(self) -> dict[str, str | int]:
        """The ``data`` member of the JSON-RPC error object."""
        return {"reason": self.reason}


class _Detailed(KmsError):
    """A refusal that names, in ``data.detail``, which part it is about."""

    def __init__(self, message: str | None = None, *, detail: str) -> None:
        super().__init__(message)
        self.detail = detail

    def data(self) -> dict[str, str | int]:
        return {"reason": self.reason, "detail": self.detail}


class ParseError(KmsError):
    code, reason = -32700, "parse_error"
    default_message = "The frame is not JSON that the host can read."


class InvalidRequest(KmsError):
    code, reason = -32600, "invalid_request"
    default_message = "The frame is not a JSON-RPC 2.0 request."


class MethodNotFound(KmsError):
    code, reason = -32601, "method_not_found"
    default_message = "The protocol has no method of this name."


class InvalidParams(KmsError):
    """``path`` names the member that is wrong, dotted (``client.name``); empty for the params as a whole."""

    code, reason = -32602, "invalid_params"
    default_message = "A member of the params is missing, unknown or not of its form."

    def __init__(self, message: str | None = None, *, path: str) -> None:
        super().__init__(message)
        self.path = path

    def data(self) -> dict[str, str | int]:
        return {"reason": self.reason, "path": self.path}


class Internal(KmsError):
    """``incident`` is a random id that stands beside the cause in the host's log."""

    code, reason = -32603, "internal"
    default_message = "The host failed inside. Nothing was done; its log names the incident."

    def __init__(self, message: str | None = None, *, incident: str) -> None:
        super().__init__(message)
        self.incident = incident

    def data(self) -> dict[str, str | int]:
        return {"reason": self.reason, "incident": self.incident}


class UserRejected(KmsError):
    code, reason = 4001, "user_rejected"
    default_message = "The person said no, closed the window or let it time out."


class OriginNotAllowed(KmsError):
    code, reason = 4100, "origin_not_allowed"
    default_message = "This extension is not attached to a wallet. Attach it with: strongroom origins add"


class PolicyDenied(KmsError):
    code, reason = 4100, "policy_denied"
    default_message = "A rule of the host forbids this."


class NotPaired(KmsError):
    code, reason = 4100, "not_paired"
    default_message = "This extension is not paired with the host."


class CallerChanged(KmsError):
    code, reason = 4100, "caller_changed"
    default_message = "The extension or the browser is not the one that was seen before."


class Unsupported(_Detailed):
    """``detail`` is the name of the method, algorithm, backend or option that is not available here."""

    code, reason = 4200, "unsupported"
    default_message = "This host does not offer that method, algorithm, backend or option."


class HelloRequired(KmsError):
    code, reason = 5000, "hello_required"
    default_message = "Say hello first."


class Locked(KmsError):
    code, reason = 5001, "locked"
    default_message = "The keystore is locked. Unlock it first."


class UnknownKey(KmsError):
    code, reason = 5002, "unknown_key"
    default_message = "There is no such key in this wallet."


class KeyState(KmsError):
    code, reason = 5003, "key_state"
    default_message = "The key is not active: it is unconfirmed, disabled, expired or destroyed."


class UsageNotAllowed(KmsError):
    code, reason = 5004, "usage_not_allowed"
    default_message = "The key's usages do not include this."


class TooLarge(KmsError):
    code, reason = 5005, "too_large"
    default_message = "The request or its reply is larger than the host's limits."


class Cancelled(KmsError):
    code, reason = 5006, "cancelled"
    default_message = "The call was cancelled before it was approved."


class Busy(KmsError):
    """``retry_after_seconds`` is a whole number of seconds, at least 1."""

    code, reason = 5007, "busy"
    default_message = "Too much is waiting. Try again later."

    def __init__(self, message: str | None = None, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds

    def data(self) -> dict[str, str | int]:
        return {"reason": self.reason, "retryAfterSeconds": self.retry_after_seconds}


class Uninitialized(KmsError):
    code, reason = 5008, "uninitialized"
    default_message = "There is no keystore yet, or its set-up was refused. Call unlock to set one up."


class CannotUnseal(KmsError):
    """A wrong passphrase and a record that was tampered with: an AEAD cannot tell them apart."""

    code, reason = 5009, "cannot_unseal"
    default_message = "Wrong passphrase, or the keystore was changed from outside."


class BackendUnavailable(_Detailed):
    """``detail`` names what is missing: a token, a KMS, or ``approver``, a way to ask the person."""

    code, reason = 5010, "backend_unavailable"
    default_message = "A part that this needs is not available now."


class Duplicate(KmsError):
    code, reason = 5011, "duplicate"
    default_message = "This wallet already holds that key."


class DecryptionFailed(KmsError):
    code, reason = 5012, "decryption_failed"
    default_message = "This could not be decrypted."
