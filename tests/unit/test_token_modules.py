"""The list of PKCS#11 modules: what is taken from it, and what is refused."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from native_host.config import Pkcs11Config
from native_host.tokens import modules
from native_host.tokens.errors import ModulesRefused
from tests.parts.missing import absent

DIGEST = "0" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of root's, and nobody else's above it."""
    if sys.platform == "win32" or os.getuid() != 0:
        absent("A list of PKCS#11 modules belongs to root; this test writes one. Run it as root.")
    return tmp_path


@pytest.fixture
def library(folder: Path) -> Path:
    path = folder / "module.so"
    path.write_bytes(b"\x7fELF")
    return path


def read(folder: Path, text: str | bytes) -> list[modules.Module]:
    listed = folder / "modules.toml"
    listed.write_bytes(text if isinstance(text, bytes) else text.encode())
    return modules.allowed(Pkcs11Config(modules=str(listed)))


def entry(**members: object) -> str:
    return "[[module]]\n" + "".join(f"{name} = {value}\n" for name, value in members.items())


def test_without_a_list_there_are_no_modules(tmp_path: Path) -> None:
    """No file, or no folder for it, means that no token is used."""
    assert modules.allowed(Pkcs11Config(modules=str(tmp_path / "modules.toml"))) == []
    assert modules.allowed(Pkcs11Config(modules=str(tmp_path / "none" / "modules.toml"))) == []


def test_where_the_list_lies() -> None:
    """One place a system, which only its administrator may write to."""
    assert modules.default_file("linux") == "/etc/strongroom/modules.toml"
    assert modules.default_file("darwin") == "/Library/Application Support/strongroom/modules.toml"
    assert modules.default_file("win32", {"PROGRAMDATA": "D:\\Data"}).startswith("D:\\Data")


def test_what_is_described_can_be_listed_and_passes(folder: Path, library: Path) -> None:
    """The lines for an administrator to add are an entry that is taken as it stands."""
    (listed,) = read(folder, modules.describe(str(library)) + 'environment = { CONF = "/etc/x" }\n')
    assert (listed.path, listed.environment) == (str(library), {"CONF": "/etc/x"})
    assert listed.sha256 == hashlib.sha256(b"\x7fELF").hexdigest()
    modules.check(listed)


def test_a_described_link_is_described_by_what_it_leads_to(folder: Path, library: Path) -> None:
    """The entry names the file itself, as a link could lead elsewhere tomorrow."""
    link = folder / "link.so"
    link.symlink_to(library)
    assert read(folder, modules.describe(str(link)))[0].path == str(library)


@pytest.mark.parametrize(
    "text",
    [
        "module",
        b"\xff",
        "[[module]]\n",
        entry(path='"/x.so"'),
        entry(path='"/x.so"', sha256='"abc"'),
        entry(path='"/x.so"', sha256=f'"{"A" * 64}"'),
        entry(path='""', sha256=f'"{DIGEST}"'),
        entry(path="7", sha256=f'"{DIGEST}"'),
        entry(path='"/x.so"', sha256=f'"{DIGEST}"', arguments='"x"'),
        entry(path='"/x.so"', sha256=f'"{DIGEST}"', environment='{ "A=B" = "x" }'),
        entry(path='"/x.so"', sha256=f'"{DIGEST}"', environment='{ A = "\\u0000" }'),
        entry(path='"/x.so"', sha256=f'"{DIGEST}"') * 17,
        "[modules]\n",
        "#" * (modules.MAX_FILE_BYTES + 1),
    ],
    ids=range(14),
)
def test_a_list_that_does_not_fit_is_refused_as_a_whole(folder: Path, text: str | bytes) -> None:
    """An entry that cannot be read may be the one that matters."""
    with pytest.raises(ModulesRefused):
        read(folder, text)


def spoil_mode(path: Path) -> None:
    path.chmod(0o666)


def spoil_owner(path: Path) -> None:
    os.chown(path, 1, 0)


def spoil_group(path: Path) -> None:
    os.chown(path, 0, 1)
    path.chmod(0o664)


def spoil_folder(path: Path) -> None:
    path.parent.chmod(0o777)


def spoil_folder_owner(path: Path) -> None:
    os.chown(path.parent, 1, 0)


SPOILS = [spoil_mode, spoil_owner, spoil_group, spoil_folder, spoil_folder_owner]


@pytest.mark.parametrize("spoil", SPOILS, ids=lambda spoil: spoil.__name__)
def test_a_list_that_others_could_have_written_is_refused(folder: Path, spoil: Callable[[Path], None]) -> None:
    """The list decides what code sees the PIN: it and every folder above it are root's."""
    own = folder / "etc"
    own.mkdir()
    (own / "modules.toml").write_text("")
    spoil(own / "modules.toml")
    with pytest.raises(ModulesRefused, match="others than root"):
        modules.allowed(Pkcs11Config(modules=str(own / "modules.toml")))


@pytest.mark.parametrize("spoil", SPOILS, ids=lambda spoil: spoil.__name__)
def test_a_module_that_others_could_have_written_is_refused(folder: Path, spoil: Callable[[Path], None]) -> None:
    """A digest alone is no protection from whoever exchanges the file between its check and its loading."""
    own = folder / "lib"
    own.mkdir()
    library = own / "module.so"
    library.write_bytes(b"\x7fELF")
    (listed,) = read(folder, modules.describe(str(library)))
    spoil(library)
    with pytest.raises(ModulesRefused, match="others than root"):
        modules.check(listed)


def test_a_sticky_folder_above_is_no_fault(folder: Path, library: Path) -> None:
    """In /tmp only the owner of an entry can exchange it."""
    (listed,) = read(folder, modules.describe(str(library)))
    folder.chmod(0o1777)
    modules.check(listed)


def test_a_module_with_another_digest_is_refused(folder: Path, library: Path) -> None:
    """An update is listed anew by an administrator, and until then it is not loaded."""
    (listed,) = read(folder, modules.describe(str(library)))
    library.write_bytes(b"\x7fELF!")
    with pytest.raises(ModulesRefused, match="not the one that was listed"):
        modules.check(listed)


def test_a_host_that_cannot_read_a_module_leaves_its_digest_to_the_worker(
    folder: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A confined host reads little; where the file lies and whose it is, it sees all the same."""
    (listed,) = read(folder, modules.describe(str(library)))

    def unreadable(path: str) -> str:
        raise PermissionError

    monkeypatch.setattr(modules, "digest", unreadable)
    modules.check(listed, confined=True)
    with pytest.raises(ModulesRefused):
        modules.check(listed)
    library.chmod(0o666)
    with pytest.raises(ModulesRefused):
        modules.check(listed, confined=True)


@pytest.mark.parametrize("path", ["module.so", "{folder}/link.so", "{folder}/../{name}/module.so", "{folder}/away.so"])
def test_a_path_that_is_not_the_file_itself_is_refused(folder: Path, library: Path, path: str) -> None:
    """Relative, through a link, with dots, or gone."""
    (folder / "link.so").symlink_to(library)
    listed = modules.Module(path=path.format(folder=folder, name=folder.name), sha256=modules.digest(str(library)))
    with pytest.raises(ModulesRefused):
        modules.check(listed)


def test_what_is_refused_names_no_folder_of_the_person(folder: Path) -> None:
    """The message may go to an extension: it has the name of a file, and not where it lies."""
    with pytest.raises(ModulesRefused) as refused:
        modules.check(modules.Module(path=str(folder / "away.so"), sha256=DIGEST))
    assert str(folder) not in str(refused.value)
    assert refused.value.data() == {"reason": "backend_unavailable", "detail": "pkcs11"}
