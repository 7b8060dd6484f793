"""The person's program beside a host that runs."""

from __future__ import annotations

from tests.host.conftest import empty_home, home

__all__ = ["empty_home", "home"]
