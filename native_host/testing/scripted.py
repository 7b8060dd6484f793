"""The scripted approver as a test uses it: configure a host with it, say how it answers, read what it was asked.

Implements: ``[approval] program`` of ``config.toml``, protocol section 8.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from native_host.testing import approver

DEFAULT_TIMEOUT_SECONDS = 60.0


class Gate:
    """Holds the answers of one rule back until ``release``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def release(self) -> None:
        """Let the answers out, those that wait and those to come."""
        self.path.touch()


class ScriptedApprover:
    """Answers every question of the hosts whose STRONGROOM_HOME is ``home``; at first like a person who agrees to all.

    Args:
        home: gets a ``config.toml`` that names the approver; made if it is not there.
        folder: where script and log are kept. They hold the passphrase and the recovery words that a host showed, so
            a folder outside ``home``, which a test may want to search for just those.
        config: more lines for ``config.toml``, before ``[approval]``.
    """

    passphrase = approver.PASSPHRASE

    def __init__(self, home: Path, folder: Path, *, config: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._script, self._log = folder, folder / "script.json", folder / "log.jsonl"
        self._rules: list[dict[str, Any]] = [dict(rule) for rule in approver.ALLOW_EVERYTHING]
        self._write()
        self.command = [sys.executable, "-I", str(Path(approver.__file__).resolve()), str(self._script)]
        file = home / "config.toml"
        # JSON's strings are TOML's basic strings as long as nothing outside the basic plane has to be escaped.
        file.write_text(f"{config}\n[approval]\nprogram = {json.dumps(self.command, ensure_ascii=False)}\n", encoding="utf-8")
        file.chmod(0o600)

    def rule(self, **rule: Any) -> None:
        """Put a rule before all others; its members are those of ``native_host.testing.approver``."""
        name = f"{rule['do']} {len(self._rules)}"
        self._rules.insert(0, {"name": name, **rule})
        self._write()

    def allow(self, **fits: Any) -> None:
        """Say yes to what fits: ``kind``, ``method``, ``purpose``, ``title``; at most ``times`` times."""
        self.rule(do="allow", **fits)

    def grant(self, **fits: Any) -> None:
        """Say yes to reviews that fit and take the first grant that is offered."""
        self.rule(do="grant", kind="review", **fits)

    def deny(self, **fits: Any) -> None:
        """Say no to what fits."""
        self.rule(do="deny", **fits)

    def type_secret(self, purpose: str, secret: str, **fits: Any) -> None:
        """Type ``secret`` when asked for ``purpose``."""
        self.rule(do="secret", kind="askSecret", purpose=purpose, secret=secret, **fits)

    def misbehave(self, how: str, **fits: Any) -> None:
        """``hang``, ``rubbish`` or ``exit`` at what fits."""
        self.rule(do=how, **fits)

    def hold(self, *, do: str = "allow", **fits: Any) -> Gate:
        """Answer what fits only once the gate that comes back is released."""
        gate = Gate(self._folder / f"gate{len(self._rules)}")
        self.rule(do=do, until=str(gate.path), **fits)
        return gate

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The whole log: ``{"ask": …}`` and ``{"answer": …}`` in order."""
        return approver.Journal(str(self._log)).lines()

    @property
    def asked(self) -> list[dict[str, Any]]:
        """Every question so far, as the host put it, withdrawals among them."""
        return [line["ask"] for line in self.lines if "ask" in line]

    @property
    def words(self) -> str | None:
        """The recovery words that were shown last."""
        return approver.Journal(str(self._log)).shown("mnemonic")

    def wait_for(self, timeout: float = DEFAULT_TIMEOUT_SECONDS, **fits: Any) -> dict[str, Any]:
        """The first question, past or to come, whose members are those of ``fits``."""
        deadline = time.monotonic() + timeout
        while True:
            for ask in self.asked:
                if all(ask.get(member) == value for member, value in fits.items()):
                    return ask
            if time.monotonic() > deadline:
                raise TimeoutError("The host did not ask.")
            time.sleep(0.02)

    def _write(self) -> None:
        fresh = self._script.with_suffix(".new")
        fresh.write_text(json.dumps({"log": str(self._log), "rules": self._rules}), encoding="utf-8")
        fresh.chmod(0o600)
        # An approver that reads at this moment finds the old script or the new one, never half of one.
        os.replace(fresh, self._script)
