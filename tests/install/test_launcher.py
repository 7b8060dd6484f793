"""The program that manifests name: one fixed interpreter, isolated."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from native_host.install import InstallError
from native_host.install.launcher import check_interpreter, interpreter_of, launcher_source

SHOW = "import sys\nprint(sys.flags.isolated, sys.argv[1:], 'native_host' in sys.modules)\n"


def run(folder: Path, python: str, environ: dict[str, str]) -> str:
    """Run what the launcher's first lines start, its body replaced by one that tells how it was started."""
    script = folder / "launcher"
    source = launcher_source(python)
    script.write_text(source[: source.index("# Written by")] + SHOW)
    script.chmod(0o755)
    return subprocess.run([str(script), "a b", "$(c)"], env=environ, capture_output=True, text=True, check=True).stdout


def test_a_plain_path_is_named_in_the_first_line() -> None:
    """The interpreter is absolute and isolated, and the host's entry point is called."""
    source = launcher_source("/opt/strongroom/bin/python")
    assert source.startswith("#!/opt/strongroom/bin/python -I\n")
    assert source.endswith("\nfrom native_host.__main__ import main\n\nsys.exit(main())\n")


def test_nothing_of_the_home_stands_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """STRONGROOM_HOME is looked up at each start and not fixed by installing."""
    without = launcher_source("/usr/bin/python3")
    monkeypatch.setenv("STRONGROOM_HOME", "/secret/place")
    assert without == launcher_source("/usr/bin/python3")


@pytest.mark.parametrize("folder", ["plain", "with space", "l" * 130, "grüß dich"])
def test_any_folder_starts_the_interpreter_isolated(tmp_path: Path, folder: str) -> None:
    """Spaces and long paths go through the shell, and arguments arrive as they were, whatever the environment holds."""
    (tmp_path / folder).mkdir()
    python = tmp_path / folder / "python"
    python.symlink_to(sys.executable)
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / "sitecustomize.py").write_text("print('trapped')")
    environ = {"PATH": str(trap), "PYTHONPATH": str(trap), "PYTHONSTARTUP": str(trap / "sitecustomize.py")}
    assert "1 ['a b', '$(c)'] False\n" == run(tmp_path, str(python), environ)


@pytest.mark.parametrize("length", [126, 127, 128])
def test_the_kernel_s_limit_is_kept(length: int) -> None:
    """A first line of up to 127 bytes names the interpreter; a longer one would be cut by older kernels."""
    python = "/" + "p" * (length - len("#!/ -I"))
    assert (length <= 127) == launcher_source(python).startswith(f"#!{python} -I\n")


@pytest.mark.parametrize("python", ["python3", "./python", "", '/a"b', "/a'b", "/a\\b", "/a$b", "/a`b`", "/a\nb", "/a\0b"])
def test_a_path_that_a_script_cannot_hold_is_refused(python: str) -> None:
    """Relative paths and characters that a shell reads are not written."""
    with pytest.raises(InstallError):
        launcher_source(python)


@pytest.mark.parametrize("python", ["/usr/bin/python3", "/opt/with space/python", "/" + "x" * 200])
def test_the_interpreter_is_read_back(python: str) -> None:
    """What was written can be read, whichever form it has."""
    assert python == interpreter_of(launcher_source(python).encode())


@pytest.mark.parametrize(
    "content", [b"", b"#!/usr/bin/python3 -I\n", b"\xff\xfe", b"#!/bin/sh\nexec true\n# Written by: strongroom install\n"]
)
def test_what_is_not_a_launcher_names_no_interpreter(content: bytes) -> None:
    """A script that we did not write tells nothing."""
    assert None is interpreter_of(content)


def test_an_interpreter_without_the_package_is_refused(tmp_path: Path) -> None:
    """A Python that does not find the host when isolated, or is none, is told before anything is written."""
    bare = tmp_path / "bin" / "python"
    bare.parent.mkdir()
    bare.symlink_to(os.path.realpath(sys.executable))
    (tmp_path / "pyvenv.cfg").write_text(
        f"home = {os.path.dirname(os.path.realpath(sys.executable))}\ninclude-system-site-packages = false\n"
    )
    for python in (str(bare), str(tmp_path / "nothing")):
        with pytest.raises(InstallError, match="does not find Strongroom"):
            check_interpreter(python)
