"""Prints the known answers anew, for ``native_host/suites/answers.py``: to be pasted there only after ``strongroom selftest`` passed."""

from __future__ import annotations

import sys

from native_host.suites.known_answers import answer_of
from native_host.suites.table import SUITES


def main() -> None:
    """Prints one line an algorithm."""
    for suite in SUITES.values():
        if suite.kind not in {"seed", "jwe"}:
            sys.stdout.write(f'    "{suite.alg}": "{answer_of(suite, suite.loaded())}",\n')


if __name__ == "__main__":
    main()
