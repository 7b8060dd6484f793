"""What a host still needs once its stages are built: folders, devices and ports, from its configuration alone."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from native_host.config import Config, Paths

SYSTEM = (
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc",
    "/nix/store",
    "/gnu/store",
    "/proc/self",
    "/proc/sys",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)
"""Shared libraries, the loader's cache, time zones, the configuration of libraries, and what these ask about the machine."""

RANDOM = ("/dev/random", "/dev/urandom", "/dev/zero")
TERMINAL = ("/dev/null", "/dev/tty")
TPM = "/dev/tpmrm0"
SIMULATORS = frozenset({"swtpm", "mssim"})
SIMULATOR_PORT = 2321
HIGHEST_PORT = 65535
DEVICES = "/dev"
PLUGGED = ("/sys/class/hidraw", "/sys/devices")
"""How a security key is found, before it is opened."""
SITES = frozenset({"site-packages", "dist-packages", "lib-dynload"})


class Reach(Value, frozen=True, kw_only=True):
    """``reads``: trees and files that may be read. ``writes``: trees in which files may be made, changed and removed.
    ``devices``: files, or trees of them, that may be opened for reading, writing and ``ioctl``. ``ports``: TCP ports that may be
    connected to. ``abstract``: whether sockets without a place in the file system may be connected to. What is not there is passed over.
    """

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    devices: tuple[str, ...] = TERMINAL
    ports: tuple[int, ...] = ()
    abstract: bool = False


def reach_of(config: Config, paths: Paths, environ: Mapping[str, str], *, plugged: bool) -> Reach:
    """What a host with this configuration needs.

    ``plugged``: its keystore opens with something that is plugged in while it runs. The node of that is made then, so all of ``/dev``
    has to be in reach: other terminals of this person, and what else the system lets them open there.
    """
    return Reach(
        reads=(*SYSTEM, *_python(), *RANDOM, *(PLUGGED if plugged else ()), *_listed(config), paths.config),
        writes=(paths.data, paths.state),
        devices=(DEVICES,) if plugged else (*TERMINAL, _tpm_device(config.tpm.tcti)),
        ports=tuple(_ports(config.tpm.tcti)),
        # Where the login keyring is asked over such a socket; elsewhere they are what X11 clients and old daemons listen on.
        abstract=any("abstract=" in environ.get(f"DBUS_{bus}_BUS_ADDRESS", "") for bus in ("SESSION", "SYSTEM")),
    )


def _python() -> Iterator[str]:
    """Where modules are imported from, late ones too. Not the prefixes themselves: one can be the person's own ``~/.local``."""
    for prefix in {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}:
        yield from (os.path.join(prefix, name) for name in ("lib", "lib32", "lib64"))
    yield from (entry for entry in sys.path if os.path.basename(entry) in SITES)
    yield os.path.dirname(os.__file__)
    yield os.path.dirname(os.path.dirname(__file__))


def _listed(config: Config) -> tuple[str, ...]:
    """The administrator's list of modules, where it lies elsewhere than in the system's own folder."""
    return (config.pkcs11.modules,) if config.pkcs11.modules else ()


def _tpm_device(tcti: str | None) -> str:
    kind, _, place = (tcti or "").partition(":")
    return place if kind == "device" and place else TPM


def _ports(tcti: str | None) -> Iterator[int]:
    """A simulated TPM is a server of commands, and its platform controls on the port above."""
    kind, _, rest = (tcti or "").partition(":")
    options = dict(part.partition("=")[::2] for part in rest.split(","))
    if kind not in SIMULATORS or "path" in options:
        return
    port = options.get("port", "")
    first = int(port) if port.isascii() and port.isdecimal() and len(port) <= len(str(HIGHEST_PORT)) else SIMULATOR_PORT
    yield from (number for number in (first, first + 1) if 0 < number <= HIGHEST_PORT)
