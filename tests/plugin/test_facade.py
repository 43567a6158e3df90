"""``import pytest_ibkr``: few names, each on first use, nothing before."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_ibkr
from pytest_ibkr import messages
from pytest_ibkr.wire.declare import BODY_REQUESTS, BODY_RESPONSES, REQUESTS, RESPONSES


@pytest.mark.parametrize("name", pytest_ibkr.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(pytest_ibkr, name).__name__ == name


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(pytest_ibkr.__file__).read_text("utf-8"))
    [branch] = [node for node in tree.body if isinstance(node, ast.If)]
    imported = [alias.name for node in branch.body for alias in node.names]  # type: ignore[attr-defined]
    assert sorted(imported) == sorted(pytest_ibkr.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'pytest_ibkr' has no attribute 'Gatway'"):
        _ = pytest_ibkr.Gatway


def test_every_declared_message_has_one_name() -> None:
    registries = (REQUESTS, BODY_REQUESTS, RESPONSES, BODY_RESPONSES)
    every = [cls for registry in registries for cls in registry.values()]
    declared = {cls.__name__: cls for cls in every}
    assert sorted(messages.__all__) == sorted(declared)
    assert {name: getattr(messages, name) for name in messages.__all__} == declared
    with pytest.raises(AttributeError, match="has no attribute 'OrderStatos'"):
        _ = messages.OrderStatos


def test_importing_it_loads_nothing_more() -> None:
    code = (
        "import sys, pytest_ibkr; print(*(n for n in sys.modules if n.startswith('pytest_ibkr')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["pytest_ibkr"]
