"""A session that is over acts on nothing any more; its journal can still be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.gateway import Gateway
from pytest_ibkr.session.session import Session
from pytest_ibkr.snapshot.store import load
from tests.net.conftest import SNAPSHOTS


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway(load("normal", directory=SNAPSHOTS)) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def over(gateway: Gateway) -> Session:
    """A session that was closed, with another one after it."""
    former = gateway.new_session("former")
    former.close()
    gateway.new_session("present")
    return former


@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.market.quote("SPY", bid=700.0, ask=700.1),
        lambda s: s.orders.hold(),
        lambda s: s.orders.all(),
        lambda s: s.account.set_cash(Decimal(1)),
        lambda s: s.contracts.add("ES"),
        lambda s: s.news.publish("news", symbols="SPY"),
        lambda s: s.configure(entitlement="delayed"),
        lambda s: s.replay(Path("none.jsonl")),
        lambda s: s.assert_order_reaches(1, "Filled", within_s=0),
    ],
    ids=["market", "hold", "all", "cash", "add", "news", "configure", "replay", "assert"],
)
def test_what_belongs_to_a_session_that_is_over_says_so(
    over: Session, act: Callable[[Session], object]
) -> None:
    with pytest.raises(UsageError, match="the session of former is over") as caught:
        act(over)
    assert "the session of the present test" in str(caught.value)


def test_the_journal_of_a_session_that_is_over_can_be_read(over: Session) -> None:
    assert over.journal.entries() == []
