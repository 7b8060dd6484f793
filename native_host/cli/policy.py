"""``strongroom policy``: rules that decide in the person's place, tried out before they are in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from native_host.cli.store import AsJson, SecretFromStdin, need_store

if TYPE_CHECKING:
    from native_host.approval.approver import Approver
    from native_host.person import Desk
    from native_host.policy.cases import Case
    from native_host.policy.cedar import Rules
    from native_host.policy.scan import Source

policy = typer.Typer(help="Rules that allow, forbid or always ask, in the Cedar language.", no_args_is_help=True)
PolicyFile = Annotated[str, typer.Argument(metavar="FILE", help="A file with a policy: rules in Cedar.")]
WORDS = {"allow": "allowed without asking", "ask": "asked", "deny": "denied"}


@policy.command()
def validate(file: PolicyFile) -> None:
    """Say what is wrong with a policy, line by line, or what it does; needs no keystore."""
    rules = _load(_source(file))
    _describe(rules)
    print(f"{_counted(rules)}. Nothing is wrong with them." if rules.statements else "There is no rule in it: it decides nothing.")


@policy.command()
def test(
    file: PolicyFile, cases: Annotated[str, typer.Argument(metavar="CASES", help="Cases in JSON: requests, and what is expected.")]
) -> None:
    """Put cases to a policy; ends with status 1 if one is decided otherwise than expected. Needs no keystore."""
    from native_host.policy.cases import outcome

    rules, system, failed, read = _load(_source(file)), _system(), 0, _cases(cases)
    for case in read:
        decided, rule = outcome(case, system, rules)
        by = rule.partition(": ")[2]
        right = case.expect == decided and (not case.by or case.by == by)
        failed += not right
        expected = f", expected: {case.expect}{f' by {case.by}' if case.by else ''}" if not right else ""
        _say(f"{'ok  ' if right else 'FAIL'}  {case.name}: {decided} ({rule}){expected}")
    print(f"{len(read) - failed} of {len(read)} cases are decided as expected.")
    if failed:
        raise typer.Exit(1)


@policy.command()
def explain(
    file: PolicyFile,
    *,
    case: Annotated[str | None, typer.Option("--case", metavar="CASES", help="Cases in JSON, each of which is explained.")] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Only the case of this name.")] = None,
) -> None:
    """Say in words what a policy does and, of a case, which rules match and why. Needs no keystore."""
    from native_host.policy.cases import outcome
    from native_host.policy.explaining import explain as why

    rules, system = _load(_source(file)), _system()
    if case is None:
        if name is not None:
            raise typer.BadParameter("A name is one of a case: say with --case in which file.")
        _describe(rules)
        return
    chosen = [one for one in _cases(case) if name in {None, one.name}]
    if not chosen:
        raise typer.BadParameter("There is no case of that name in that file.")
    for one in chosen:
        decided, rule = outcome(one, system, rules)
        _say(f"{one.name}: {WORDS[decided]}, by: {rule}")
        for whose, layer in (("system policy", system), ("policy", rules)):
            for line in () if layer is None else why(layer, one.request()):
                _say(f"  {whose}  {line}")


@policy.command()
def history(file: PolicyFile, *, secret_from_stdin: SecretFromStdin = False, json: AsJson = False) -> None:
    """Say what would have been decided otherwise in the past under a policy; asks for the passphrase."""
    from native_host.cli.asking import TerminalPerson
    from native_host.operations.records import rfc3339
    from native_host.operations.replaying import replay
    from native_host.person import at_desk

    rules, system = _load(_source(file)), _system()
    total = untold = other = 0
    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        desk.unlock()
        for past in replay(desk.store, rules, system):
            total += 1
            if past.after is None:
                untold += 1
            elif past.after != past.before:
                other += 1
                at, key = rfc3339(past.one.at), past.entry.key_id or ""
                if json:
                    from msgspec.json import encode

                    row = {"seq": past.one.seq, "at": at, "method": past.entry.method, "keyId": key}
                    print(encode({**row, "before": past.before, "after": past.after, "rule": past.rule}).decode())
                else:
                    _say(
                        f"{past.one.seq:>6}  {at}  {past.entry.method}  {key}  was {WORDS[past.before]}, would be {WORDS[past.after]}"
                        f"  ({past.rule})"
                    )
    if not json:
        print(f"Of {total} calls of extensions, {other} would be decided otherwise.")
        if untold:
            print(f"Of {untold} it cannot be told: they are older than what the record keeps for this, or their key is gone.")


@policy.command("load")
def load_policy(file: PolicyFile, *, secret_from_stdin: SecretFromStdin = False) -> None:
    """Put a policy in force, once you have confirmed it in the host's own window; it is kept in the keystore, sealed."""
    from native_host.cli.asking import TerminalPerson
    from native_host.operations import policies
    from native_host.person import at_desk

    source = _source(file)
    _describe(_load(source))
    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        desk.unlock()
        approver = _window(desk)
        try:
            number = policies.load(desk.house, approver, desk.caller, source)
        finally:
            approver.close()
    print(f"In force from the next call on, in every browser: {number} {'rule' if number == 1 else 'rules'}.")
    print(f"SHA-256 of its text: {policies.digest(source.text)}")


@policy.command()
def show(*, secret_from_stdin: SecretFromStdin = False) -> None:
    """Print the policy that is in force, and the administrator's; asks for the passphrase."""
    from native_host.cli.asking import TerminalPerson
    from native_host.operations import policies
    from native_host.operations.records import rfc3339
    from native_host.person import at_desk
    from native_host.policy.scan import PolicyRefused

    found = policies.read_system(policies.default_folder())
    if found.problem is not None:
        _say(f"The policy of this computer's administrator cannot be followed, so nothing is done: {found.problem}")
    for source in found.sources:
        _say(f"// {source.name}, of this computer's administrator")
        print(source.text)
    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        desk.unlock()
        kept = policies.current(desk.store)
    if kept is None:
        print("There is no policy of yours in force. Put one in force with: strongroom policy load FILE")
        return
    print(f"// Yours, since {rfc3339(kept.loaded_at)}; SHA-256 {policies.digest(kept.text)}")
    print(kept.text)
    try:
        policies.rules_of(kept)
    except PolicyRefused as error:
        print(f"This version cannot follow it, so everything is denied:\n{error}")
        raise typer.Exit(1) from None


@policy.command()
def remove(*, secret_from_stdin: SecretFromStdin = False) -> None:
    """Remove your policy, once you have confirmed that in the host's own window."""
    from native_host.cli.asking import TerminalPerson
    from native_host.operations import policies
    from native_host.person import at_desk

    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        desk.unlock()
        approver = _window(desk)
        try:
            gone = policies.remove(desk.house, approver, desk.caller)
        finally:
            approver.close()
    print("Your policy is gone: you are asked as without one." if gone else "There is no policy of yours in force.")


def _window(desk: Desk) -> Approver:
    """Whoever answers for this keystore when a browser's host asks: our window, or the terminal, or the program of an unattended one.

    Not this command's own terminal: a program of the person's account can type a command, and a passphrase may not be needed to unlock.
    """
    import os
    from contextlib import nullcontext

    from native_host.asking import Asking

    return Asking(desk.store, desk.config.approval, os.environ, nullcontext)


def _source(file: str) -> Source:
    from pathlib import Path

    from native_host.policy.scan import MOST_BYTES, decode

    with Path(file).open("rb") as opened:
        return decode(opened.read(MOST_BYTES + 1), Path(file).name)


def _load(source: Source) -> Rules:
    from native_host.operations.policies import schema
    from native_host.policy import cedar
    from native_host.policy.scan import Source

    return cedar.load([Source(text=source.text)], schema())


def _system() -> Rules | None:
    """The administrator's layer; raises ``PolicyRefused`` if it cannot be followed."""
    from native_host.operations import policies
    from native_host.policy import cedar
    from native_host.policy.scan import PolicyRefused, Problem

    found = policies.read_system(policies.default_folder())
    if found.problem is not None:
        raise PolicyRefused([Problem(line=1, text=found.problem, file="The administrator's policy")])
    return cedar.load(found.sources, policies.schema()) if found.sources else None


def _cases(file: str) -> list[Case]:
    from pathlib import Path

    from native_host.policy.cases import MOST_BYTES, read

    with Path(file).open("rb") as opened:
        return read(opened.read(MOST_BYTES + 1), Path(file).name)


def _describe(rules: Rules) -> None:
    from native_host.policy.words import sentence, warnings

    for one in rules.statements:
        _say(f"{one.id}: {sentence(one)}")
        for text in warnings(one):
            _say(f"  ! {text}")


def _counted(rules: Rules) -> str:
    number = len(rules.statements)
    return "1 rule" if number == 1 else f"{number} rules"


def _say(text: str) -> None:
    from native_host.review.text import visible

    print(visible(text))
