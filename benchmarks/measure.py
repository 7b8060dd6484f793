"""How the benchmarks time.

Whatever is compared is run in turn, round after round, in one run: what else the machine does falls on all alike, and
the ratios are what to keep. A request and its answer cost some microseconds while client and host share a core, and
many times that when the kernel puts them on two; sequential figures are therefore taken with both on one core.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import msgspec

HERE = Path(__file__).parent
BASE_PYTHON = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
BARE = (BASE_PYTHON, "-I", "-S", str(HERE / "bare.py"))
WITHOUT_COMMIT = (sys.executable, "-I", str(HERE / "without_commit.py"))
ORIGIN = "chrome-extension://" + "p" * 32 + "/"

encode = msgspec.json.encode
decode = msgspec.json.decode


@dataclass(frozen=True)
class Figure:
    """One line of a table: all samples in one unit; ``base`` names the line that it is divided by, ``aim`` the ratio to stay under,
    ``at_least`` the one to stay above.
    """

    name: str
    unit: str
    samples: Sequence[float]
    base: str = ""
    aim: float | None = None
    at_least: float | None = None

    @property
    def median(self) -> float:
        """The middle sample."""
        return statistics.median(self.samples)

    @property
    def p90(self) -> float:
        """Nine of ten samples are not above it."""
        return sorted(self.samples)[max(0, -(-len(self.samples) * 9 // 10) - 1)]

    def times(self, base: Figure) -> float:
        """The median over the rounds of this sample divided by the base's of the same round: a busy moment cancels out."""
        return statistics.median(mine / other for mine, other in zip(self.samples, base.samples, strict=True))


class HostEnded(Exception):
    """The host closed its output instead of answering."""


class Client:
    """A host started as a browser starts it, spoken to in frames; events are passed over."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen([*argv, ORIGIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=environ)
        if self.process.stdin is None or self.process.stdout is None:
            raise HostEnded
        self._in, self._out = self.process.stdin.fileno(), self.process.stdout.fileno()
        self._buffer = bytearray()
        self._last_id = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait(timeout=10)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def send(self, body: bytes) -> None:
        """Write one frame."""
        os.write(self._in, len(body).to_bytes(4, sys.byteorder) + body)

    def receive(self) -> bytes:
        """Read one frame; raises ``HostEnded``."""
        while True:
            length = 4 + int.from_bytes(self._buffer[:4], sys.byteorder)
            if len(self._buffer) >= max(length, 5):
                body = bytes(self._buffer[4:length])
                del self._buffer[:length]
                return body
            piece = os.read(self._out, 65536)
            if not piece:
                raise HostEnded
            self._buffer += piece

    def request(self, method: str, params: Mapping[str, object]) -> bytes:
        """The body of one call, under an id of its own."""
        self._last_id += 1
        return encode({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params})

    def exchange(self, body: bytes) -> bytes:
        """Send one frame and return the answer to it."""
        self.send(body)
        answer = self.receive()
        while b'"method":"event"' in answer[:64]:
            answer = self.receive()
        return answer

    def call(self, method: str, **params: object) -> Any:
        """The result of one call.

        Raises:
            RuntimeError: the host refused.
        """
        answer = decode(self.exchange(self.request(method, params)))
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['data']}")
        return answer["result"]

    def volley(self, bodies: Sequence[bytes]) -> None:
        """Send all frames in one write and wait for as many answers."""
        os.write(self._in, b"".join(len(body).to_bytes(4, sys.byteorder) + body for body in bodies))
        waiting = len(bodies)
        while waiting:
            waiting -= b'"method":"event"' not in self.receive()[:64]

    def batch(self, method: str, many: Sequence[Mapping[str, object]]) -> list[Any]:
        """The results of one batch, in the order of the calls."""
        body = b"[" + b",".join(self.request(method, params) for params in many) + b"]"
        answers = {answer["id"]: answer["result"] for answer in decode(self.exchange(body))}
        return [answers[key] for key in sorted(answers)]

    def hello(self) -> Any:
        """Open the session."""
        return self.call("hello", protocol=["1"], client={"name": "benchmark", "version": "1"})

    def resident_megabytes(self) -> float:
        """Memory of the process that is resident now, in units of 10⁶ bytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def in_turn(contenders: Mapping[str, Callable[[], float]], *, rounds: int) -> dict[str, list[float]]:
    """Each contender's samples: one a round, all contenders in every round, after one round that does not count."""
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for round_number in range(rounds + 1):
        for name, contender in contenders.items():
            sample = contender()
            if round_number:
                samples[name].append(sample)
    return samples


def until(start: Callable[[], Client], work: Callable[[Client], object]) -> float:
    """Milliseconds from before a host is started until ``work`` with it is done; ending it again does not count."""
    started = perf_counter()
    with start() as client:
        work(client)
        return (perf_counter() - started) * 1000


def milliseconds(work: Callable[[], object]) -> float:
    """How long ``work`` takes."""
    started = perf_counter()
    work()
    return (perf_counter() - started) * 1000


def microseconds_each(work: Callable[[], object], *, times: int) -> float:
    """The median time of one of ``times`` runs."""
    samples = []
    for _ in range(times):
        started = perf_counter()
        work()
        samples.append(perf_counter() - started)
    return statistics.median(samples) * 1e6


@contextmanager
def one_core(*processes: int) -> Iterator[None]:
    """Put this process and ``processes`` on one core together for as long as the block lasts."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    core = {max(before)}
    for process in (0, *processes):
        os.sched_setaffinity(process, core)
    try:
        yield
    finally:
        for process in (0, *processes):
            os.sched_setaffinity(process, before)


def show(title: str, figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table under a heading."""
    named = {figure.name: figure for figure in figures}
    lines = [f"### {title}", "", "| what | median | p90 | ratio | aim | |", "|---|---:|---:|---:|---:|---|"]
    for figure in figures:
        ratio = figure.times(named[figure.base]) if figure.base else None
        times = "" if ratio is None else f"{ratio:.2f} × {figure.base}"
        limit, aim = judged(figure, ratio)
        lines.append(f"| {figure.name} | {figure.median:,.1f} {figure.unit} | {figure.p90:,.1f} | {times} | {limit} | {aim} |")
    return "\n".join(lines) + "\n"


def judged(figure: Figure, ratio: float | None) -> tuple[str, str]:
    """The aim of a figure, and whether it is met."""
    if ratio is not None and figure.aim is not None:
        return f"≤ {figure.aim:.3g}", "met" if ratio <= figure.aim else "missed"
    if ratio is not None and figure.at_least is not None:
        return f"≥ {figure.at_least:g}", "met" if ratio >= figure.at_least else "missed"
    return "", ""
