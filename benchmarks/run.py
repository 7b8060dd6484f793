"""Every benchmark in one run. ``--write`` puts the tables into docs/performance.md; ``--quick`` takes few rounds, to see that all works."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import derive
import scale
import startup
import warm_sign
from measure import Figure, show

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"


def machine() -> str:
    """Processor, system and Python, in one line."""
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
    return (
        f"{processor} · {system}, {platform.system()} {platform.release()} · {platform.python_implementation()} {platform.python_version()}"
    )


def tables(*, quick: bool) -> list[str]:
    """All tables, each shown as soon as it is there."""
    rounds = 3 if quick else None
    made: list[str] = []

    def show_now(title: str, figures: list[Figure]) -> None:
        made.append(show(title, figures))
        print(made[-1], flush=True)

    show_now("Start-up", startup.figures(rounds or startup.ROUNDS))
    show_now("Signing under a grant, for one signature", warm_sign.figures(rounds or warm_sign.ROUNDS))
    show_now(f"Derivation of {derive.PATH}", derive.figures(rounds or derive.ROUNDS))
    times, memory = scale.figures(rounds or scale.ROUNDS)
    show_now("Unlock and first signature, without Argon2id", times)
    show_now("Resident memory after the first signature (aim: at most 40 MB)", memory)
    return made


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
