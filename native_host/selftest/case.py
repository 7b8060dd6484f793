"""One published vector as a question with a known answer, and the judgement of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from native_host.value import Value

Verdict = Literal["accepted", "refused", "either", "different", "failed"]


class Case(Value, frozen=True, kw_only=True):
    """A vector. ``run`` says whether the program accepts it, or computes what was published; ``ValueError`` is a refusal.

    ``valid`` is what the publisher expects, ``None`` where either will do. ``difference`` is the reason, with its source, for
    which this program answers the opposite on purpose.
    """

    name: str
    valid: bool | None
    run: Callable[[], bool]
    difference: str = ""


class Check(Value, frozen=True, kw_only=True):
    """A file of vectors. ``package`` is the import name of the distribution that carries it, empty for the ones shipped here.

    ``cases`` makes the cases from the file's path.
    """

    standard: str
    alg: str
    package: str
    path: str
    cases: Callable[[str], Iterator[Case]]


def judge(case: Case) -> Verdict:
    """What came of a case. Anything but an answer or a ``ValueError`` is a crash, and fails."""
    try:
        got = case.run()
    except ValueError:
        got = False
    except Exception:  # noqa: BLE001  # a crash on a published input is a failure of the program, to be counted and named
        return "failed"
    if case.valid is None:
        return "either"
    if case.difference:
        return "different" if got is not case.valid else "failed"
    if got is not case.valid:
        return "failed"
    return "accepted" if got else "refused"
