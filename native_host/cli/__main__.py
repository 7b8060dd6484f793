"""``python -m native_host.cli`` is ``strongroom``."""

from __future__ import annotations

from native_host.cli import main

main()
