"""What the official client sends is canonical to the guard, at every version both know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ibkr.guard.canonical import canonical
from pytest_ibkr.guard.decision import Refuse
from pytest_ibkr.wire.declare import Message
from tests.conformance.wire_official import differential, official
from tests.conformance.wire_official.asking import Asked, Asker
from tests.conformance.wire_official.guarded import TYPES, check_orders, judged
from tests.conformance.wire_official.values import samples

ASKED = differential.requests(official)
IDS = [cls.__name__ for cls, _ in ASKED]


@pytest.mark.parametrize(("cls", "how"), ASKED, ids=IDS)
def test_a_request_of_the_official_client_is_canonical(cls: type[Message], how: Asked) -> None:
    assert differential.check_request(judged(official), cls, how, examples=differential.EXAMPLES)


@pytest.mark.parametrize("name", TYPES)
def test_an_order_of_the_official_client_is_allowed_as_it_comes(name: str) -> None:
    assert check_orders(official, name) == 4 * len(official.VERSIONS)


# The newest of each step in which requests moved to bodies, and what attached orders came with.
WITH_BODIES = (201, 203, 204, 205, 206, 207, 208, 209, 210, 211, 212, 213, 215, 218, 225)
# The client makes a number of the multiplier of a body.
MULTIPLIER = {"multiplier": "100"}


@pytest.mark.skipif(not official.NEW, reason="ibapi 9.81 knows no protobuf")
@pytest.mark.parametrize(
    ("cls", "how"), [each for each in ASKED if each[0].MSG_ID != 3], ids=lambda x: str(x)[:40]
)
def test_a_request_of_the_official_client_is_canonical_in_its_body(
    cls: type[Message], how: Asked
) -> None:
    asker, sent = Asker(cls, how, official), 0
    fixed = official.FIXED.get(cls.MSG_ID, {})
    for drawn in samples(cls, how.draws(), examples=5):
        message = replace(drawn, **fixed)
        contract = getattr(message, "contract", None)
        if contract is not None:
            message = replace(message, contract=replace(contract, **MULTIPLIER))  # type: ignore[call-arg]
        if getattr(message, "legs", ()):
            message = replace(message, legs=())  # type: ignore[call-arg]  # see below
        args = asker._arguments(message, 200)
        for version in WITH_BODIES:
            payload = official.asked(version, asker.method, args)
            found = canonical(payload, version)
            assert isinstance(found, cls), f"{asker.method} at {version}: {found}"
            sent += 1
    assert sent >= len(WITH_BODIES)


@pytest.mark.skipif(not official.NEW, reason="ibapi 9.81 knows no protobuf")
def test_market_data_of_a_combo_is_refused_in_its_body() -> None:
    """The client says more of each leg there than is read here: rather no quote than a guess."""
    contract, leg = official.MAKERS["contract"](), official.MAKERS["comboLegs"]()
    contract.symbol, contract.secType, contract.exchange = "SPY", "BAG", "SMART"
    leg.conId, leg.ratio, leg.action, leg.exchange = 1, 1, "BUY", "SMART"
    contract.comboLegs = [leg]
    names = official.parameters("reqMktData") or []
    values = (3, contract, "", False, False, [])
    sent = official.asked(225, "reqMktData", dict(zip(names, values, strict=True)))
    found = canonical(sent, 225)
    assert isinstance(found, Refuse)
    assert found.rule == "frame.not-canonical"


@pytest.mark.skipif(not official.NEW, reason="ibapi 9.81 knows no protobuf")
@pytest.mark.parametrize("name", TYPES)
def test_an_order_of_the_official_client_is_allowed_in_its_body(name: str) -> None:
    assert check_orders(official, name, WITH_BODIES) == 4 * len(WITH_BODIES)
