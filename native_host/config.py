"""Where everything lies, and what the person set in ``config.toml``.

Implements: XDG Base Directory Specification 0.8 on Linux and the BSDs; the system's own folders elsewhere;
``STRONGROOM_HOME`` is one folder for everything (protocol section 4).

The environment is an argument here: only the two programs read the real one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, ValidationError, convert

from native_host.errors import BackendUnavailable
from native_host.language import Language
from native_host.value import Value

APP_NAME = "strongroom"
FILE_NAME = "config.toml"


class ConfigError(BackendUnavailable):
    """A setting that cannot be followed. The message names the file and the key; ``path`` is the file's whole path.

    The whole path stays out of the message because it names the person, and the message may go to an extension.
    """

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message, detail="config")
        self.path = path


class Paths(Value, frozen=True, kw_only=True):
    """The three folders, absolute; they need not exist yet. ``home`` is set when STRONGROOM_HOME chose them."""

    config: str
    data: str
    state: str
    home: str | None = None

    @property
    def config_file(self) -> str:
        """Where ``config.toml`` would be."""
        return os.path.join(self.config, FILE_NAME)


class ApprovalConfig(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[approval]``: ``program`` is the command that answers in place of our window, ``prompt`` how we ask without one, ``language`` the one
    in which; without it the environment's."""

    program: Annotated[tuple[Annotated[str, Meta(min_length=1)], ...], Meta(min_length=1)] | None = None
    prompt: Literal["window", "terminal"] = "window"
    language: Language | None = None


class SessionConfig(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[session]``."""

    idle_lock_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 600


class TpmConfig(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[tpm]``: ``tcti`` is the TPM Command Transmission Interface, as tpm2-tss names it; without it the kernel's device is taken."""

    tcti: Annotated[str, Meta(min_length=1, max_length=256)] | None = None


class Pkcs11Config(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[pkcs11]``: ``modules`` is the file in which an administrator lists the modules that may be loaded, each by path and digest."""

    modules: Annotated[str, Meta(min_length=1, max_length=1024)] | None = None


class PairingConfig(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[pairing]``: ``required`` lets only paired extensions use the keystore; ``unpaired_reads`` lets a paired extension's other copies, and
    whatever poses as one, read public keys and addresses outside of the channel."""

    required: bool = False
    unpaired_reads: bool = False


class Config(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One member a table of ``config.toml``; a table or key that is absent has its default."""

    approval: ApprovalConfig = ApprovalConfig()
    session: SessionConfig = SessionConfig()
    tpm: TpmConfig = TpmConfig()
    pkcs11: Pkcs11Config = Pkcs11Config()
    pairing: PairingConfig = PairingConfig()


def find_paths(environ: Mapping[str, str], platform: str = sys.platform) -> Paths:
    """The folders of this person, from ``environ`` and the platform's rules; nothing is created.

    Raises:
        ConfigError: STRONGROOM_HOME is not an absolute path. A browser starts the host in a folder of its own,
            so a relative one would mean another folder for each program.
    """
    home = environ.get("STRONGROOM_HOME")
    if home:
        if not os.path.isabs(home):
            raise ConfigError("STRONGROOM_HOME must be an absolute path.", path=home)
        home = os.path.normpath(home)
        return Paths(config=home, data=home, state=home, home=home)
    if platform in {"win32", "darwin"}:
        return _system_paths()
    person = person_home(environ)
    return Paths(
        config=_xdg(environ, "XDG_CONFIG_HOME", person, ".config"),
        data=_xdg(environ, "XDG_DATA_HOME", person, ".local/share"),
        state=_xdg(environ, "XDG_STATE_HOME", person, ".local/state"),
    )


def person_home(environ: Mapping[str, str]) -> str:
    """The person's home folder: ``HOME`` (on Windows ``USERPROFILE``), else what the system's account list says."""
    home = environ.get("USERPROFILE" if os.name == "nt" else "HOME", "")
    if os.path.isabs(home) or os.name == "nt":
        return home
    import pwd

    return pwd.getpwuid(os.getuid()).pw_dir


def _xdg(environ: Mapping[str, str], name: str, person: str, default: str) -> str:
    # The specification: a relative path in these variables is invalid and to be ignored.
    base = environ.get(name, "")
    return os.path.join(base if os.path.isabs(base) else os.path.join(person, default), APP_NAME)


def _system_paths() -> Paths:
    from platformdirs import PlatformDirs

    folders = PlatformDirs(APP_NAME, appauthor=False)
    return Paths(config=folders.user_config_dir, data=folders.user_data_dir, state=folders.user_log_dir)


def make_folder(path: str) -> str:
    """Create ``path`` and whatever is missing above it, each for its owner alone (0700), and hand it back."""
    missing: list[str] = []
    folder = path
    while folder and not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for folder in reversed(missing):
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            # Another host may be starting at the same moment; anything but a folder there is an error.
            if not os.path.isdir(folder):
                raise
    return path


def read_config(paths: Paths) -> Config:
    """The settings, or the defaults where there is no file.

    Raises:
        ConfigError: the file cannot be read, is not TOML, has an unknown table or key or a value that does not fit,
            or others may write to it: it can name a program that the host starts.
    """
    try:
        file = open(paths.config_file, "rb")  # noqa: SIM115
    except FileNotFoundError:
        return Config()
    except OSError:
        raise ConfigError(f"{FILE_NAME} cannot be read.", path=paths.config_file) from None
    import tomllib

    with file:
        _refuse_foreign(os.fstat(file.fileno()), paths.config_file)
        try:
            document = tomllib.load(file)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
            raise ConfigError(f"{FILE_NAME} is not a TOML file.", path=paths.config_file) from None
    _refuse_unknown(document, paths.config_file)
    try:
        return convert(document, Config)
    except ValidationError as error:
        _, _, where = str(error).partition(" - at `$.")
        key = where.rstrip("`").partition("[")[0]
        raise ConfigError(f"{FILE_NAME}: {key} has a value that does not fit.", path=paths.config_file) from None


def _refuse_foreign(status: os.stat_result, path: str) -> None:
    if os.name == "nt":
        return
    if status.st_mode & 0o022 or status.st_uid not in {0, os.getuid()}:
        raise ConfigError(f"{FILE_NAME} belongs to someone else or others may write to it. Mend it with: chmod go-w", path=path)


def _refuse_unknown(document: dict[str, Any], path: str) -> None:
    tables: dict[str, type[Value]] = {
        "approval": ApprovalConfig,
        "session": SessionConfig,
        "tpm": TpmConfig,
        "pkcs11": Pkcs11Config,
        "pairing": PairingConfig,
    }
    for table, content in document.items():
        if table not in tables:
            raise ConfigError(f"{FILE_NAME}: {table} is not known.", path=path)
        for key in content if isinstance(content, dict) else ():
            if key not in tables[table].__struct_fields__:
                raise ConfigError(f"{FILE_NAME}: {table}.{key} is not known.", path=path)
