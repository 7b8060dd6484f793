"""The person's program: ``strongroom``."""

from __future__ import annotations


def main() -> None:
    """Run the command that the arguments name and end the process: 0 done, 1 not done, 2 not understood."""
    from native_host.cli.app import run

    run()
