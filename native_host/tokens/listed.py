"""Where the administrator's list of PKCS#11 modules lies; apart from ``modules``, which reads it, because ``hello`` asks for no more."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def default_file(platform: str = sys.platform, environ: Mapping[str, str] = os.environ) -> str:
    """Where the list lies unless ``config.toml`` says otherwise."""
    if platform == "win32":
        return os.path.join(environ.get("PROGRAMDATA", "C:\\ProgramData"), "strongroom", "modules.toml")
    if platform == "darwin":
        return "/Library/Application Support/strongroom/modules.toml"
    return "/etc/strongroom/modules.toml"
