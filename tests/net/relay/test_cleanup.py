"""What a run leaves behind is cancelled and flattened, and nothing else is touched."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from pytest_ibkr.guard.flatten import Plan, Trade
from pytest_ibkr.net.relay import cleanup as cleanup_module
from pytest_ibkr.net.relay.cleanup import clean_up
from pytest_ibkr.net.relay.comparison import read_account
from pytest_ibkr.net.relay.ledger import unfinished
from pytest_ibkr.net.relay.leftovers import finish_leftovers
from tests.net.relay.account_bench import (
    FAR,
    PAPER,
    QQQ,
    SPY,
    Run,
    forwarded,
    order,
    place,
)

pytestmark = pytest.mark.ci


@pytest.fixture
def run(gateway, request, tmp_path):
    session = gateway.new_session(request.node.nodeid, wall_clock=False)
    yield Run(gateway, session, tmp_path / "state")
    session.close()


def left_nothing_of_its_own(run, cleaned, *, before, working=frozenset()) -> None:
    """What every cleanup must have reached, whatever the run did."""
    assert cleaned.failed == []
    assert cleaned.closed
    assert asyncio.run(run.held()) == before
    assert asyncio.run(run.working()) == working
    assert unfinished(run.directory, PAPER) == []


async def _messy_run(run):
    """Positions opened, one of them beside an own one of the user, and an order that works."""
    async with await run.link(101) as user:
        await place(user, order(user, SPY, "BUY", 2), status="Filled")
        theirs = order(user, SPY, "BUY", 1, limit=FAR)
        await place(user, theirs, status="Submitted")
        async with await run.link(7201) as link, await run.link(7202) as other:
            ledger = await run.begin(link)
            await run.send(link, ledger, SPY, "BUY", 3, status="Filled")
            await run.send(link, ledger, SPY, "BUY", 1, limit=FAR, status="Submitted")
            await run.send(other, ledger, QQQ, "SELL", 2, status="Filled")
            await run.send(other, ledger, QQQ, "BUY", 1, limit=FAR, status="Submitted")
    return ledger, (101, theirs.order_id)


@pytest.mark.req("LV-006")
def test_orders_are_cancelled_and_positions_flattened_relative_to_the_start(run) -> None:
    ledger, theirs = asyncio.run(_messy_run(run))
    cleaned = asyncio.run(clean_up(run.upstream, ledger))
    assert (len(cleaned.cancelled), len(cleaned.flattened)) == (2, 2)
    assert cleaned.left == []
    left_nothing_of_its_own(run, cleaned, before={"SPY": Decimal(2)}, working={theirs})


@pytest.mark.req("LV-006", counter_proof="flattens the account instead of the run")
def test_a_cleanup_that_flattens_the_account_closes_what_the_user_holds(run, monkeypatch) -> None:
    def everything(_baseline, present, _ours):
        return Plan(
            tuple(
                Trade(
                    each.contract,
                    "SELL" if each.position > 0 else "BUY",
                    abs(each.position),
                    Decimal(0),
                )
                for each in present.positions
            )
        )

    monkeypatch.setattr(cleanup_module, "plan", everything)
    ledger, theirs = asyncio.run(_messy_run(run))
    cleaned = asyncio.run(clean_up(run.upstream, ledger))
    with pytest.raises(AssertionError):
        left_nothing_of_its_own(run, cleaned, before={"SPY": Decimal(2)}, working={theirs})


@pytest.mark.req("LV-006", counter_proof="does not cancel")
def test_a_cleanup_that_does_not_cancel_leaves_an_order_working(run) -> None:
    ledger, theirs = asyncio.run(_messy_run(run))
    cleaned = asyncio.run(clean_up(run.upstream, ledger, cancels=False))
    with pytest.raises(AssertionError):
        left_nothing_of_its_own(run, cleaned, before={"SPY": Decimal(2)}, working={theirs})


def test_a_contract_somebody_else_traded_meanwhile_is_reported_and_not_touched(run) -> None:
    async def go():
        async with await run.link(101) as user, await run.link(7201) as link:
            ledger = await run.begin(link)
            await run.send(link, ledger, SPY, "BUY", 3, status="Filled")
            await place(user, order(user, SPY, "BUY", 1), status="Filled")
        return await clean_up(run.upstream, ledger)

    cleaned = asyncio.run(go())
    assert cleaned.flattened == []
    assert "somebody else traded it during this run (+1" in cleaned.left[0]
    left_nothing_of_its_own(run, cleaned, before={"SPY": Decimal(4)})


def test_a_position_that_moved_without_an_execution_is_reported_and_not_touched(run) -> None:
    async def go():
        async with await run.link(7201) as link:
            ledger = await run.begin(link)
            await run.send(link, ledger, SPY, "BUY", 3, status="Filled")
        run.session.account.add_position("SPY", 5, average_cost=Decimal(700))
        return await clean_up(run.upstream, ledger)

    cleaned = asyncio.run(go())
    assert cleaned.flattened == []
    assert "something else changed it" in cleaned.left[0]
    assert asyncio.run(run.held()) == {"SPY": Decimal(8)}


def test_the_part_of_an_order_that_filled_is_all_that_is_flattened(run) -> None:
    async def go():
        async with await run.link(7201) as link:
            ledger = await run.begin(link)
            placed = await run.send(link, ledger, SPY, "BUY", 5, limit=FAR, status="Submitted")
            run.session.orders.fill(placed.order_id, 2, FAR, client_id=7201)
        return await clean_up(run.upstream, ledger)

    cleaned = asyncio.run(go())
    assert [each.split(" at ")[0] for each in cleaned.flattened] == ["SELL 2 SPY"]
    left_nothing_of_its_own(run, cleaned, before={})


def test_a_client_id_still_in_use_is_waited_for(run) -> None:
    notes: list[str] = []

    async def go():
        link = await run.link(7201)
        ledger = await run.begin(link)
        await run.send(link, ledger, SPY, "BUY", 1, limit=FAR, status="Submitted")
        work = asyncio.ensure_future(clean_up(run.upstream, ledger, note=notes.append))
        while not notes:  # the cleanup meets 326
            await asyncio.sleep(0.01)
        await link.close()
        return await work

    cleaned = asyncio.run(go())
    assert "client id 7201 is still in use" in notes[0]
    left_nothing_of_its_own(run, cleaned, before={})


def test_a_client_id_that_never_gets_free_leaves_the_ledger_open(run) -> None:
    async def go():
        async with await run.link(7201) as link:
            ledger = await run.begin(link)
            await run.send(link, ledger, SPY, "BUY", 1, limit=FAR, status="Submitted")
            return await clean_up(run.within(id_wait_s=0.5), ledger)

    cleaned = asyncio.run(go())
    assert not cleaned.closed
    assert "326" in cleaned.failed[0]
    assert len(unfinished(run.directory, PAPER)) == 1


def test_a_closed_market_leaves_the_position_and_the_ledger_until_it_opens(run) -> None:
    async def trade():
        async with await run.link(7201) as link:
            ledger = await run.begin(link)
            await run.send(link, ledger, SPY, "BUY", 1, status="Filled")
            for each in (await read_account(link)).executions:
                ledger.execution(each)
        return ledger

    def the_next_session(hour):
        """What the gateway shows later: the position, and no execution of the day before."""
        start = datetime(2026, 7, 10, hour, tzinfo=ZoneInfo("America/New_York"))
        later = run.gateway.new_session(
            "later", wall_clock=False, start_at=start, client_id=9000 + hour
        )
        later.account.add_position("SPY", 1, average_cost=Decimal(750))
        return later

    ledger = asyncio.run(trade())
    the_next_session(18)
    cleaned = asyncio.run(clean_up(run.upstream, ledger))
    assert not cleaned.closed
    assert "SPY is left open (+1): it does not trade now" in cleaned.left[0]
    assert "close-positions --paper-trading --session" in cleaned.left[0]
    assert asyncio.run(run.held()) == {"SPY": Decimal(1)}

    later = the_next_session(11)
    [cleaned] = asyncio.run(finish_leftovers(run.upstream, run.directory)).values()
    left_nothing_of_its_own(run, cleaned, before={})
    later.close()


def test_another_account_behind_the_same_port_is_never_cancelled_or_traded_on(run) -> None:
    async def go():
        async with await run.link(7201) as link:
            ledger = await run.begin(link)
            await run.send(link, ledger, SPY, "BUY", 1, status="Filled")
        return await clean_up(run.within(account="DU" + "7654322"), ledger)

    cleaned = asyncio.run(go())
    assert not cleaned.closed
    assert "another account" in cleaned.failed[0]
    assert asyncio.run(run.held()) == {"SPY": Decimal(1)}


def test_nothing_said_names_the_account(run) -> None:
    ledger, _theirs = asyncio.run(_messy_run(run))
    written = ledger.path.read_text()
    cleaned = asyncio.run(clean_up(run.upstream, ledger))
    assert PAPER not in written + ledger.path.read_text() + str(cleaned.as_dict())


def test_a_run_that_closes_on_purpose_is_never_bought_back(run) -> None:
    async def go():
        async with await run.link(101) as user:
            await place(user, order(user, SPY, "BUY", 2), status="Filled")
        async with await run.link(7201) as link:
            ledger = await run.begin(link, flattens=False)
            await run.send(link, ledger, SPY, "SELL", 2, status="Filled")
        ledger.release()
        return await finish_leftovers(run.upstream, run.directory)

    [cleaned] = asyncio.run(go()).values()
    assert cleaned.flattened == []
    assert cleaned.closed
    assert asyncio.run(run.held()) == {}


def test_a_client_id_that_stays_in_use_keeps_no_other_order_from_being_cancelled(run) -> None:
    async def go():
        async with await run.link(7201) as link, await run.link(7202) as other:
            ledger = await run.begin(link)
            await run.send(link, ledger, SPY, "BUY", 1, limit=FAR, status="Submitted")
            await run.send(other, ledger, QQQ, "BUY", 1, limit=FAR, status="Submitted")
            await other.close()
            return await clean_up(run.within(id_wait_s=0.5), ledger)

    cleaned = asyncio.run(go())
    assert "orders of client 7201 could not be cancelled" in cleaned.failed[0]
    assert len(cleaned.cancelled) == 1
    assert not cleaned.closed
    assert {client_id for client_id, _ in asyncio.run(run.working())} == {7201}


def test_another_order_that_has_the_id_now_is_left_alone(run) -> None:
    """Its relay died before the order went out; a program of the user's took the free id."""

    async def go():
        async with await run.link(7201) as link:
            ledger = await run.begin(link)
            ledger.order(forwarded(link, order(link, SPY, "BUY", 3, limit=FAR, order_id=1)))
            theirs = order(link, QQQ, "BUY", 1, limit=FAR, order_id=1)
            await place(link, theirs, status="Submitted")
        return await clean_up(run.upstream, ledger)

    cleaned = asyncio.run(go())
    assert cleaned.cancelled == []
    assert "another order has its id now and is left alone" in cleaned.left[0]
    left_nothing_of_its_own(run, cleaned, before={}, working={(7201, 1)})


def test_answers_that_make_no_sense_stop_neither_cancels_nor_the_report(run, monkeypatch) -> None:
    async def nonsense(*_asked, **_options):
        raise ArithmeticError("a position of NaN")

    async def go():
        async with await run.link(7201) as link:
            ledger = await run.begin(link)
            await run.send(link, ledger, SPY, "BUY", 1, limit=FAR, status="Submitted")
        monkeypatch.setattr(cleanup_module, "read_account", nonsense)
        return await clean_up(run.upstream, ledger)

    cleaned = asyncio.run(go())
    assert len(cleaned.cancelled) == 1
    [failed] = cleaned.failed
    assert failed.startswith("the cleanup stopped: ArithmeticError: a position of NaN")
    assert "pytest-ibkr close-positions --paper-trading --session " in failed
    assert not cleaned.closed
    assert asyncio.run(run.working()) == set()


def test_closing_one_contract_that_fails_keeps_no_other_from_being_closed(run, monkeypatch) -> None:
    close_out = cleanup_module.close_out

    async def fails_once(link, trade, **options):
        if trade.contract.symbol == "SPY":
            raise ArithmeticError("a price of NaN")
        return await close_out(link, trade, **options)

    async def go():
        async with await run.link(7201) as link:
            ledger = await run.begin(link)
            await run.send(link, ledger, SPY, "BUY", 1, status="Filled")
            await run.send(link, ledger, QQQ, "BUY", 1, status="Filled")
        monkeypatch.setattr(cleanup_module, "close_out", fails_once)
        return await clean_up(run.upstream, ledger)

    cleaned = asyncio.run(go())
    assert [each.split(" at ")[0] for each in cleaned.flattened] == ["SELL 1 QQQ"]
    assert "SPY is left open (+1): closing it failed" in cleaned.left[0]
    assert not cleaned.closed
    assert asyncio.run(run.held()) == {"SPY": Decimal(1)}


@pytest.mark.parametrize("attended", [False, True])
def test_an_order_whose_outcome_nobody_tells_any_more_is_reported(run, attended) -> None:
    """Its relay was killed at once; the next day the gateway lists no execution of it."""

    async def trade():
        async with await run.link(7201) as link:
            ledger = await run.begin(link)
            await run.send(link, ledger, SPY, "BUY", 1, status="Filled")
        ledger.release()

    asyncio.run(trade())
    later = run.gateway.new_session(
        "later",
        wall_clock=False,
        start_at=datetime(2026, 7, 13, 11, tzinfo=ZoneInfo("America/New_York")),
        client_id=9000,
    )
    later.account.add_position("SPY", 1, average_cost=Decimal(750))
    finish = finish_leftovers(run.upstream, run.directory, attended=attended)
    [cleaned] = asyncio.run(finish).values()
    assert cleaned.flattened == []
    assert "the position went from 0 to 1" in cleaned.left[0]
    assert "order 1 of client 7201 (BUY 1 SPY MKT) is not told any more" in cleaned.left[0]
    assert ("close-positions --paper-trading --session" in cleaned.left[0]) is not attended
    assert cleaned.closed is attended
    assert asyncio.run(run.held()) == {"SPY": Decimal(1)}
    later.close()


def test_closing_orders_never_take_an_id_of_the_run(run) -> None:
    """A gateway whose order ids were reset names used ones: it would be a change of that order."""

    async def go():
        async with await run.link(7201) as link:
            ledger = await run.begin(link)
            await run.send(link, ledger, SPY, "BUY", 1, status="Filled")
            unsent = order(link, QQQ, "BUY", 1, limit=FAR, order_id=5000)
            ledger.order(forwarded(link, unsent))
        return ledger, await clean_up(run.upstream, ledger)

    ledger, cleaned = asyncio.run(go())
    assert {order_id for _, order_id in ledger.content.cleanup} == {5001}
    left_nothing_of_its_own(run, cleaned, before={})
