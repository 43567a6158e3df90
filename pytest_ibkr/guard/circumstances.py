"""When there can be orders at all: whose account, which test, which connection, which hour."""

from __future__ import annotations

from typing import Final

from pytest_ibkr.guard.accounts import PaperAccounts
from pytest_ibkr.guard.decision import Refuse
from pytest_ibkr.guard.state import ClientState, RunState
from pytest_ibkr.snapshot.redact import mask_account
from pytest_ibkr.wire.messages.place_order import PlaceOrder

_NAME_IT: Final = (
    "set paper_trading.account in an untracked configuration file, or IBKR_PAPER_ACCOUNT, to the"
    " id in the title of the paper gateway's window"
)


def of_any_order(order: PlaceOrder, run: RunState) -> Refuse | None:
    """What holds for previews too."""
    if run.mode == "read":
        return _no(order, "order.read-run", "this run reads and orders nothing", "order in tests")
    why = PaperAccounts(run.accounts).reading_only if run.accounts else None
    if why is not None:
        return _no(
            order,
            "account.reading-only",
            f"{why}: it is for reading only",
            "log the gateway in with the paper user of one individual account",
        )
    return None


def of_a_real_order(
    order: PlaceOrder, *, client: ClientState, run: RunState, now_s: float
) -> Refuse | None:
    """What holds for orders that can trade."""
    found = _whose_account(order, run)
    if found is None and run.mode == "tests":
        found = _which_test(order, client, run)
    return found or _which_hour(order, run, now_s)


def _no(order: PlaceOrder, rule: str, reason: str, fix: str) -> Refuse:
    return Refuse(rule, reason, fix, order.order_id)


def _whose_account(order: PlaceOrder, run: RunState) -> Refuse | None:
    served = (run.accounts or ("",))[0]
    if not run.expected_account:
        return _no(
            order,
            "account.unnamed",
            f"nobody said that {mask_account(served)} is to trade",
            _NAME_IT,
        )
    if run.expected_account != served:
        return _no(
            order,
            "account.other",
            f"{mask_account(run.expected_account)} was named, and the gateway serves"
            f" {mask_account(served)}",
            _NAME_IT,
        )
    return None


def _which_test(order: PlaceOrder, client: ClientState, run: RunState) -> Refuse | None:
    if run.test is None or not run.test.places_orders:
        where = "between tests" if run.test is None else f"in {run.test.name}"
        return _no(
            order,
            "order.outside-test",
            f"an order came {where}, which places none",
            "mark the test that orders with @pytest.mark.places_orders",
        )
    if not run.may_order_again(client):
        return _no(
            order,
            "order.reconnected",
            "this client lost its connection in an earlier test",
            "start the program of each test anew, under the client id the test was given",
        )
    if run.open_ledger:
        return _no(
            order,
            "order.open-ledger",
            "an earlier run left orders or positions open",
            "run `pytest-ibkr close-positions --session LEDGER` first",
        )
    return None


def _which_hour(order: PlaceOrder, run: RunState, now_s: float) -> Refuse | None:
    if run.test is not None and run.test.market_closed:
        return None
    closes_s = run.market.closes_s
    if not run.market.open or closes_s is None or now_s >= closes_s:
        return _no(
            order,
            "order.market-closed",
            "the market is closed, or nobody knows its hours",
            "order while it is open, or mark a test about that with @pytest.mark.market_closed",
        )
    minutes = run.limits.minutes_to_close
    if run.mode == "tests" and closes_s - now_s < minutes * 60:
        return _no(
            order,
            "order.market-closing",
            f"the market closes in under {minutes} minutes",
            "order earlier: a run needs the time to bring everything back",
        )
    return None
