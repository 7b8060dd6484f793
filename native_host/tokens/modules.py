"""Which PKCS#11 modules may be loaded: those that an administrator listed, each by path and SHA-256 digest.

A module is code that runs with the person's rights and sees their PIN. So its path never comes from a request, from a slot or from
the environment, and neither the list nor a module is taken from a place where another account than root could have put it: that
stops a program that runs as the person from having its own module loaded in their name. It does not stop root.

The digest is checked before the worker is started, by a host that can read the file, and in any case in the worker, right before
``dlopen``. The module is then loaded
by its path. ``/proc/self/fd`` would load the very bytes that were hashed, and break every module that finds its parts beside itself
(``$ORIGIN``, ``dladdr``); since only root can exchange the file in between, nothing would be gained by it. Libraries that a module
needs are found by the loader's own rules and have no digest here; the environment in which those rules are changed is not passed on.

On Windows the owner is not checked: place the list where only administrators may write, as ``%ProgramData%`` is by default for
files that one of them made.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, MsgspecError, convert, field

from native_host.tokens.errors import ModulesRefused
from native_host.tokens.listed import default_file as default_file  # noqa: PLC0414 - for whoever asks here
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.config import Pkcs11Config

KeyStorage = Literal["iso_18045_high", "iso_18045_moderate", "iso_18045_enhanced-basic", "iso_18045_basic"]
"""Attack potential resistance, by ISO 18045."""

MAX_FILE_BYTES = 64 << 10
ROOT = 0


class Module(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[module]]``: ``path`` absolute and without links, ``environment`` what the module is configured by, such as ``SOFTHSM2_CONF``;
    ``key_storage`` what its keys are certified to resist, where the administrator knows it (OpenID4VCI 1.0 appendix D.2).
    """

    path: Annotated[str, Meta(min_length=1, max_length=1024)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    environment: Annotated[
        dict[Annotated[str, Meta(pattern="^[A-Z][A-Z0-9_]{0,63}$")], Annotated[str, Meta(max_length=1024, pattern="^[^\\x00]*$")]],
        Meta(max_length=16),
    ] = field(default_factory=dict)
    key_storage: KeyStorage | None = None

    @property
    def name(self) -> str:
        """The file's name: what a person is told, as the whole path may name them."""
        return os.path.basename(self.path)


class _File(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    module: Annotated[list[Module], Meta(max_length=16)] = field(default_factory=list)


def allowed(config: Pkcs11Config) -> list[Module]:
    """The modules on the list, in its order; none where there is no list.

    Raises:
        ModulesRefused: it cannot be read as a list, or others than root could have changed it.
    """
    path = config.modules or default_file()
    try:
        with open(path, "rb") as file:
            refuse_foreign(path)
            content = file.read(MAX_FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        raise ModulesRefused("The list of PKCS#11 modules cannot be read. Mend it with: sudo chmod a+r") from None
    return _parse(content)


def _parse(content: bytes) -> list[Module]:
    import tomllib

    try:
        if len(content) > MAX_FILE_BYTES:
            raise ValueError
        return convert(tomllib.loads(content.decode()), _File).module
    except (ValueError, MsgspecError):  # tomllib's and the decoder's errors are ValueErrors
        raise ModulesRefused(
            "The list of PKCS#11 modules has an entry that does not fit: each [[module]] has a path and a sha256 of 64 digits, in lower case."
        ) from None


def check(module: Module, *, confined: bool = False) -> None:
    """Raise ``ModulesRefused`` unless the file is root's, is named without links, and has the digest of the list.

    ``confined``: this process may be one that cannot read the file; what is in it is left to the worker's own check then.
    """
    if not os.path.isabs(module.path) or os.path.realpath(module.path) != module.path:
        raise ModulesRefused(f"The list must name {module.name} by its whole path, without links. See it with: realpath")
    refuse_foreign(module.path)
    try:
        found = digest(module.path)
    except OSError as error:
        if confined and isinstance(error, PermissionError):
            return
        raise ModulesRefused(f"The PKCS#11 module {module.name} cannot be read. Install it again.") from None
    if found != module.sha256:
        raise ModulesRefused(
            f"The PKCS#11 module {module.name} is not the one that was listed. If it was updated, its administrator lists the new digest."
        )


def digest(path: str) -> str:
    """The SHA-256 of a file, in lower-case hex; raises ``OSError``."""
    from hashlib import file_digest

    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


def refuse_foreign(path: str) -> None:
    """Raise ``ModulesRefused`` if an account other than root could change or exchange the file.

    In a sticky folder only the owner of an entry can exchange it, so that folder may be writable by all.
    """
    if os.name == "nt":
        return
    entry = os.path.realpath(path)
    while True:
        try:
            status = os.lstat(entry)
        except OSError:
            raise ModulesRefused(f"{os.path.basename(path)} is not there any more.") from None
        sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
        loose = not sticky and (status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and status.st_gid != ROOT))
        if status.st_uid != ROOT or loose:
            name = os.path.basename(entry) or entry
            raise ModulesRefused(
                f"{name}, on the way to {os.path.basename(path)}, can be changed by others than root. Mend it with: sudo chown root, chmod go-w"
            )
        if entry == os.path.dirname(entry):
            return
        entry = os.path.dirname(entry)


def describe(path: str) -> str:
    """The lines that an administrator adds to the list for this module; raises ``OSError`` if it cannot be read."""
    real = os.path.realpath(path)
    quoted = real.replace("\\", "\\\\").replace('"', '\\"')
    return f'[[module]]\npath = "{quoted}"\nsha256 = "{digest(real)}"\n'
