"""Where everything lies, and what config.toml may say."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from native_host.config import ApprovalConfig, Config, ConfigError, Paths, SessionConfig, find_paths, make_folder, read_config


def paths_in(folder: Path) -> Paths:
    return find_paths({"STRONGROOM_HOME": str(folder)})


def write_config(folder: Path, text: str, mode: int = 0o600) -> Paths:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return paths_in(folder)


def test_strongroom_home_is_one_folder_for_everything() -> None:
    """STRONGROOM_HOME holds configuration, data and state, and is remembered as what chose them."""
    expected = Paths(config="/vault", data="/vault", state="/vault", home="/vault")
    assert expected == find_paths({"STRONGROOM_HOME": "/vault/", "HOME": "/home/ada", "XDG_DATA_HOME": "/d"})


@pytest.mark.parametrize("home", ["vault", "./vault", "~/vault"])
def test_a_relative_strongroom_home_is_refused(home: str) -> None:
    """A relative STRONGROOM_HOME would be another folder for every program that reads it."""
    with pytest.raises(ConfigError, match="STRONGROOM_HOME must be an absolute path"):
        find_paths({"STRONGROOM_HOME": home})


def test_an_empty_strongroom_home_is_absent() -> None:
    """An empty STRONGROOM_HOME chooses nothing."""
    assert find_paths({"HOME": "/home/ada"}, "linux") == find_paths({"HOME": "/home/ada", "STRONGROOM_HOME": ""}, "linux")


def test_xdg_defaults() -> None:
    """Without variables the XDG specification's defaults under the home folder hold."""
    expected = Paths(
        config="/home/ada/.config/strongroom",
        data="/home/ada/.local/share/strongroom",
        state="/home/ada/.local/state/strongroom",
    )
    assert expected == find_paths({"HOME": "/home/ada"}, "linux")


def test_xdg_variables_choose_and_relative_ones_are_ignored() -> None:
    """XDG variables choose the folders; the specification has relative ones ignored."""
    environ = {"HOME": "/home/ada", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "relative", "XDG_STATE_HOME": "/s"}
    expected = Paths(config="/c/strongroom", data="/home/ada/.local/share/strongroom", state="/s/strongroom")
    assert expected == find_paths(environ, "linux")


def test_without_home_the_account_list_is_asked() -> None:
    """A browser may start the host with no HOME at all."""
    pwd = pytest.importorskip("pwd")
    expected = os.path.join(pwd.getpwuid(os.getuid()).pw_dir, ".config", "strongroom")
    assert expected == find_paths({}, "linux").config


def test_other_systems_have_their_own_folders() -> None:
    """macOS and Windows follow the system's own rules, each folder with our name in it."""
    for folder in (getattr(find_paths({}, "darwin"), name) for name in ("config", "data", "state")):
        assert os.path.isabs(folder)
        assert "strongroom" in folder


def test_folders_are_made_for_the_owner_alone(tmp_path: Path) -> None:
    """Every folder that is made, leaf or not, has mode 0700; existing ones keep theirs."""
    (tmp_path / "a").mkdir(mode=0o755)
    made = make_folder(str(tmp_path / "a" / "b" / "c"))
    assert str(tmp_path / "a" / "b" / "c") == make_folder(made)
    assert [0o755, 0o700, 0o700] == [stat.S_IMODE((tmp_path / p).stat().st_mode) for p in ("a", "a/b", "a/b/c")]


def test_a_file_where_a_folder_should_be_is_an_error(tmp_path: Path) -> None:
    """A file in the way is not taken for a folder."""
    (tmp_path / "a").write_text("")
    with pytest.raises(FileExistsError):
        make_folder(str(tmp_path / "a"))


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    """Without config.toml: our window, ten minutes to the idle lock."""
    expected = Config(approval=ApprovalConfig(program=None, prompt="window"), session=SessionConfig(idle_lock_seconds=600))
    assert expected == read_config(paths_in(tmp_path))


def test_all_keys_are_read(tmp_path: Path) -> None:
    """Every key there is, set."""
    text = '[approval]\nprogram = ["/opt/approve", "--quiet"]\nprompt = "terminal"\n[session]\nidle_lock_seconds = 60\n'
    expected = Config(
        approval=ApprovalConfig(program=("/opt/approve", "--quiet"), prompt="terminal"),
        session=SessionConfig(idle_lock_seconds=60),
    )
    assert expected == read_config(write_config(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour = 1\n", "config.toml: colour is not known."),
        ("[aproval]\n", "config.toml: aproval is not known."),
        ('[approval]\nprogramme = ["x"]\n', "config.toml: approval.programme is not known."),
        ("[session]\nidle_lock_minutes = 1\n", "config.toml: session.idle_lock_minutes is not known."),
        ('[approval]\nprogram = "x"\n', "config.toml: approval.program has a value that does not fit."),
        ("[approval]\nprogram = []\n", "config.toml: approval.program has a value that does not fit."),
        ('[approval]\nprogram = [""]\n', "config.toml: approval.program has a value that does not fit."),
        ('[approval]\nprompt = "carrier pigeon"\n', "config.toml: approval.prompt has a value that does not fit."),
        ("[session]\nidle_lock_seconds = 0\n", "config.toml: session.idle_lock_seconds has a value that does not fit."),
        ("[session]\nidle_lock_seconds = true\n", "config.toml: session.idle_lock_seconds has a value that does not fit."),
        ("approval = 3\n", "config.toml: approval has a value that does not fit."),
        ("[approval\n", "config.toml is not a TOML file."),
    ],
)
def test_a_setting_that_cannot_be_followed_is_named(tmp_path: Path, text: str, message: str) -> None:
    """The error names the file and the key, never the value, and knows the file's whole path."""
    with pytest.raises(ConfigError) as caught:
        read_config(write_config(tmp_path, text))
    assert message == str(caught.value)
    assert str(tmp_path / "config.toml") == caught.value.path
    assert {"reason": "backend_unavailable", "detail": "config"} == caught.value.data()


def test_bytes_that_are_no_text_are_not_toml(tmp_path: Path) -> None:
    """A file that is not UTF-8 is refused as any other that is not TOML."""
    paths = write_config(tmp_path, "")
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not a TOML file"):
        read_config(paths)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    """config.toml can name a program to start, so only its owner may write it."""
    with pytest.raises(ConfigError, match="others may write"):
        read_config(write_config(tmp_path, "", mode))


def test_a_folder_in_the_file_s_place_is_told(tmp_path: Path) -> None:
    """What cannot be read is an error, never the defaults."""
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(ConfigError):
        read_config(paths_in(tmp_path))


def test_importing_costs_little() -> None:
    """The way to hello imports neither a TOML reader nor a folder library."""
    code = (
        "import sys, native_host.config as c; c.read_config(c.find_paths({'HOME': '/nonexistent'}, 'linux'));"
        "print([m for m in ('tomllib', 'platformdirs', 'pathlib', 'pwd') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout
