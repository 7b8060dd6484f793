"""Every benchmark in one run. ``--write`` puts the tables into docs/performance.md; ``--quick`` takes few rounds, to see that all works."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import algorithms
import channel
import derive
import others
import policy
import psbt
import pytest
import scale
import startup
import tokens
import unlock
import warm_sign
from measure import Figure, show

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"


def machine() -> str:
    """Processor, system, Python and the day, in one line."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [
            line.partition(":")[2].strip() for line in cpuinfo.read_text(encoding="utf-8").splitlines() if line.startswith("model name")
        ]
        processor = f"{len(models)} × {models[0]}" if models else processor
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        system = platform.system()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{processor} · {system}, {platform.system()} {platform.release()} · {python} · {datetime.now(UTC):%Y-%m-%d}"


def tables(*, quick: bool) -> list[str]:
    """All tables, each shown as soon as it is there."""
    rounds = 3 if quick else None
    made: list[str] = []

    def put(text: str) -> None:
        made.append(text)
        print(text, flush=True)

    put(show("Start-up", startup.figures(rounds or startup.ROUNDS)))
    put(show("Signing under a grant, for one signature", warm_sign.figures(rounds or warm_sign.ROUNDS)))
    put(show("The sealed channel", channel.figures(rounds or channel.ROUNDS)))
    with others.started() as peers:
        put(show(f"Derivation of {derive.PATH}", derive.figures(peers, rounds or derive.ROUNDS)))
        every = algorithms.rows(peers, 1 if quick else algorithms.ROUNDS)
        put(show("What wallets use today, for one operation on 32 bytes", algorithms.beside(every)))
        put(algorithms.table(every))
        opened, missing = unlock.figures(peers, rounds or unlock.ROUNDS)
        put(show("From a browser's start to an open keystore", opened))
        for title, figures in (
            ("A signature by a key in a token, for one operation on 32 bytes", lambda: tokens.figures(peers, rounds or tokens.ROUNDS)),
            ("A first signature by a key in a token", lambda: tokens.starts(rounds or tokens.STARTS)),
        ):
            if lines := _had(figures, missing):
                put(show(title, lines))
        if peers.missing:
            missing.append(f"{', '.join(peers.missing)}: `.venv/bin/python benchmarks/others.py` installs them.")
        if missing:
            put("Not here, and left out:\n\n" + "\n".join(f"- {one}" for one in dict.fromkeys(missing)) + "\n")
    put(show("A decision under a policy", policy.figures(rounds or policy.ROUNDS)))
    put(show(f"A PSBT of {psbt.INPUTS} inputs", psbt.figures(rounds or psbt.ROUNDS)))
    times, memory = scale.figures(rounds or scale.ROUNDS)
    put(show("Unlock and first signature, without Argon2id", times))
    put(show("Resident memory after the first signature (aim: at most 40 MB)", memory))
    return made


def _had(figures: Callable[[], list[Figure]], missing: list[str]) -> list[Figure]:
    """The figures; none, and why, where a part that they need is not on this computer."""
    try:
        return figures()
    except pytest.skip.Exception as absent:
        missing.append(str(absent))
        return []


def main() -> None:
    """Measure, print, and write if told to."""
    print(f"{machine()}\n", flush=True)
    made = tables(quick="--quick" in sys.argv)
    if "--write" in sys.argv:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}{machine()}\n\n" + "\n".join(made) + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
