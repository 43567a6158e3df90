"""What the official client sends is canonical to the guard, at every version both know."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.declare import Message
from tests.conformance.wire_official import differential, official
from tests.conformance.wire_official.asking import Asked
from tests.conformance.wire_official.guarded import TYPES, check_orders, judged

ASKED = differential.requests(official)
IDS = [cls.__name__ for cls, _ in ASKED]


@pytest.mark.parametrize(("cls", "how"), ASKED, ids=IDS)
def test_a_request_of_the_official_client_is_canonical(cls: type[Message], how: Asked) -> None:
    assert differential.check_request(judged(official), cls, how, examples=differential.EXAMPLES)


@pytest.mark.parametrize("name", TYPES)
def test_an_order_of_the_official_client_is_allowed_as_it_comes(name: str) -> None:
    assert check_orders(official, name) == 4 * len(official.VERSIONS)
