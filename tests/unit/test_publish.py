"""The published forms of the protocol are those of METHODS."""

from __future__ import annotations

import json

import pytest

from native_host.errors import Busy, KmsError
from native_host.protocol import publish
from native_host.protocol.methods import METHODS


def test_published_files_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    """What is in the tree is what the generator writes."""
    assert (0, "") == (publish.main(["--check"]), capsys.readouterr().out)


def test_every_available_method_is_typed() -> None:
    """The Operations map has a row for each method that the host does, and for no other."""
    text = publish.typescript()
    rows = {name for name in METHODS if f"\n  readonly {name}: {{ readonly params: " in text}

    assert {name for name, method in METHODS.items() if method.available} == rows


def test_every_reason_is_published_with_its_code() -> None:
    """No refusal of errors.py is left out, those that share a base class neither."""

    def leaves(base: type[KmsError]) -> set[type[KmsError]]:
        return {base}.union(*(leaves(cls) for cls in base.__subclasses__()))

    published = json.loads(publish.openrpc())["components"]["errors"]
    expected = {cls.reason: cls.code for cls in leaves(KmsError) if not cls.__name__.startswith("_")}

    assert expected == {reason: error["code"] for reason, error in published.items()}


def test_error_data_is_typed() -> None:
    """Members that only one refusal carries are in the published ErrorData with their type."""
    assert isinstance(Busy().data()["retryAfterSeconds"], int)
    assert "  readonly retryAfterSeconds?: number;\n" in publish.typescript()


def test_openrpc_refers_only_to_schemas_it_has() -> None:
    """Every $ref of the document resolves inside it."""
    text = publish.openrpc()
    document = json.loads(text)
    wanted = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}

    assert wanted <= set(document["components"]["schemas"])
    assert wanted
