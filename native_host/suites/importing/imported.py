"""What an importer gives, and how it refuses: the same for every form of key file."""

from __future__ import annotations

from collections.abc import Callable

from native_host.secret import wipe
from native_host.suites.kinds import Secret
from native_host.suites.table import SUITES
from native_host.value import Value

MAX_FILE_BYTES = 64 * 1024
"""No key file of one key is longer; what is, is refused before anything is done with it."""


class CannotImport(ValueError):
    """A key file is not imported. The text is one or two plain sentences for the person: what is wrong and what to do next.

    It holds nothing of the file but what is the same in every file of its form.
    """


class WrongPassword(CannotImport):
    """The password does not open the file, or the file is damaged: the two cannot be told apart."""

    def __init__(self) -> None:
        super().__init__("The password does not open this key file. Type it again; if you are sure of it, the file is damaged.")


class KeyMismatch(CannotImport):
    """The key in the file is not the one that the file says it is."""


class TooCostly(CannotImport):
    """Opening the file would take more memory or time than a key file may ask for."""


class NotThisForm(CannotImport):
    """The text is not a key file of this form."""


class ChooseAlgorithm(CannotImport):
    """The key is good for several algorithms and the file does not say for which. ``choices`` are rows of the suites table."""

    def __init__(self, choices: tuple[str, ...]) -> None:
        super().__init__("This key can be used in several ways. Choose the algorithm it is for, and import it again.")
        self.choices = choices


class Imported(Value, frozen=True, kw_only=True):
    """A key from a file. ``secret`` and ``public`` are in the form that the code of ``alg`` takes; whoever has it wipes ``secret``.

    ``remarks`` are sentences for the person: what the file held that is not kept, or could not be checked.
    """

    alg: str
    secret: bytearray
    public: bytes
    remarks: tuple[str, ...] = ()


def imported(alg: str, secret: bytearray, *remarks: str, public_of: Callable[[Secret], bytes] | None = None) -> Imported:
    """The key with its public part, which is computed: a file's word for it is not taken.

    Raises:
        CannotImport: if the secret is none of the algorithm; it is wiped then.
    """
    try:
        public = (public_of or SUITES[alg].pairs().public_key)(secret)
    except ValueError:
        wipe(secret)
        raise CannotImport("The number in this key file is not a key of its kind. Export the key again from where it came from.") from None
    return Imported(alg=alg, secret=secret, public=public, remarks=tuple(remark for remark in remarks if remark))


def choose(alg: str, kty: str, crv: str, named: str = "") -> str:
    """The algorithm a key is imported for: ``alg`` if it takes such a key, else the only one that does.

    ``named`` is the algorithm that the key itself names, as AKP keys do. What a key of another algorithm may be used with anyway
    (its variants) is no choice of its own.

    Raises:
        ChooseAlgorithm: if ``alg`` is empty and there are several.
        CannotImport: if there is none, or ``alg`` takes other keys.
    """
    fitting = [row for row in SUITES.values() if row.imported and (row.kty, row.crv) == (kty, crv)]
    if named:
        fitting = [row for row in fitting if named == row.alg or named in row.jwk_algs]
    variants = {variant for row in fitting for variant in row.variants}
    choices = tuple(row.alg for row in fitting if row.alg not in variants)
    if alg and alg in {row.alg for row in fitting}:
        return alg
    if not choices:
        raise CannotImport("This key file holds a key of a kind that is not kept here. Leave it where it is.")
    if alg:
        raise CannotImport(f"A key of this kind cannot be used for {alg if alg in SUITES else 'this algorithm'}. Choose another algorithm.")
    if len(choices) > 1:
        raise ChooseAlgorithm(choices)
    return choices[0]


def checked_text(text: Secret) -> str:
    """The text of a file, without blanks around it. Unlike what it was read from, it cannot be wiped.

    Raises:
        NotThisForm: if it is longer than a key file or is not UTF-8.
    """
    if len(text) > MAX_FILE_BYTES:
        raise NotThisForm("This file is too long for a key file. Choose the file that holds the key alone.")
    try:
        return bytes(text).decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise NotThisForm("This file is not text. Choose a key file in one of the forms that are read here.") from None
