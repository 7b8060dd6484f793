"""By what a manifest or launcher is known as written by installing: looked at behind a browser's first call too, without the code that writes."""

from __future__ import annotations

import os
from typing import Literal

from native_host.install import HOST_NAME
from native_host.install.documents import read_file, read_object

MARK = "# Written by: strongroom install"
"""In a script."""
OWNED = "(written by: strongroom install)"
"""At the end of a manifest's description."""

Owner = Literal["absent", "ours", "foreign"]


def owner_of(path: str) -> Owner:
    """Whose file this is. A link is never ours: we make none, and would write through it to somewhere else."""
    if not os.path.lexists(path):
        return "absent"
    content = read_file(path) or b""
    if content.startswith(b"#!"):
        return "ours" if MARK.encode() in content else "foreign"
    document = read_object(path) or {}
    ours = document.get("name") == HOST_NAME and str(document.get("description", "")).endswith(OWNED)
    return "ours" if ours else "foreign"
