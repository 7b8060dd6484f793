"""docs/configuration.md: its example is a config.toml that can be followed, and it names every setting."""

from __future__ import annotations

import re
from pathlib import Path

from native_host.config import Config, find_paths, read_config

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
EXAMPLE = re.search(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_example_can_be_followed(tmp_path: Path) -> None:
    """As it stands, and with every setting in it that is only named."""
    assert EXAMPLE is not None
    file = tmp_path / "config.toml"
    paths = find_paths({"STRONGROOM_HOME": str(tmp_path)})
    file.touch(mode=0o600)
    file.write_text(EXAMPLE[1], encoding="utf-8")
    assert read_config(paths).approval.program is None
    file.write_text(re.sub(r"^# ", "", EXAMPLE[1], flags=re.MULTILINE), encoding="utf-8")
    config = read_config(paths)
    assert config.approval.language == "de"
    assert config.approval.program
    assert config.tpm.tcti
    assert config.pkcs11.modules


def test_every_setting_is_there() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for table in Config.__struct_fields__:
        assert f"[{table}]" in page
        assert [] == [name for name in getattr(Config(), table).__struct_fields__ if f"{name} = " not in page]
