"""Relays and guards with one rule taken out, by name: under each a named test must turn red.

Run as a relay's process: ``python -m tests.system.live.broken_relay`` with the variant's name in
``BROKEN_RELAY``; everything else is the real relay.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from pytest_ibkr.guard import accounts, answers, circumstances, flatten, orders, requests
from pytest_ibkr.guard.accounts import PaperAccounts
from pytest_ibkr.guard.decision import Allow, Refuse, Release
from pytest_ibkr.net.relay import comparison, process, upward
from pytest_ibkr.wire.framing import frame

VARIANTS: dict[str, Callable[[], None]] = {}


def variant(change: Callable[[], None]) -> Callable[[], None]:
    """Register a variant under its function's name."""
    VARIANTS[change.__name__] = change
    return change


def nothing(*_args: Any, **_options: Any) -> None:
    """No objection."""


@variant
def any_account_is_paper() -> None:
    """The guard without the account rule."""

    def judge(text: str) -> PaperAccounts:
        return PaperAccounts(tuple(text.removesuffix(",").split(",")))

    accounts.judge = judge


@variant
def accounts_are_looked_at_once() -> None:
    """What is announced later, and on other connections, is believed."""
    answers.recheck = nothing


@variant
def clients_are_in_before_their_proof() -> None:
    """Whatever comes down is handed on, proved or not."""
    seen = answers.seen

    def all_released(*args: Any, **options: Any) -> Any:
        seen(*args, **options)
        return Release()

    answers.seen = all_released
    from pytest_ibkr.net.relay import downward

    downward.seen = all_released


@variant
def frames_nobody_can_read_are_forwarded_as_they_are() -> None:
    """A relay that lets pass what its decoder does not understand."""
    obey = upward.Upward._obey

    def forwarding(self: Any, payload: bytes) -> Any:
        found = requests.canonical(payload, self._client.state.version)
        if isinstance(found, Refuse) and self._client.gateway is not None:
            self._client.gateway._transport.write(frame(payload))
        return obey(self, payload)

    upward.Upward._obey = forwarding  # type: ignore[method-assign]


@variant
def any_spelling_is_canonical() -> None:
    """The decoder's reading is enough; the frame is not compared with our own."""
    from pytest_ibkr.guard import canonical

    canonical._unlike = lambda *_args: None


@variant
def every_order_is_fine() -> None:
    """The guard without any rule about orders."""
    orders.judge = nothing


@variant
def every_field_is_fine() -> None:
    """Type, time in force, side and the rest of the fields are not looked at."""
    orders._words = nothing


@variant
def every_request_is_fine() -> None:
    """The guard without its list of messages."""
    requests._not_listed = nothing


@variant
def every_test_may_order() -> None:
    """The marker is not looked at, nor whose connection it is."""
    circumstances._which_test = nothing


@variant
def every_hour_is_fine() -> None:
    """Market hours are not looked at."""
    circumstances._which_hour = nothing


@variant
def every_cancel_is_fine() -> None:
    """Whose order is cancelled is not looked at; a global cancel goes through."""
    requests._cancel = lambda message, _client, _run: Allow(message)
    requests._cancel_all = lambda _client, _run: Allow(requests.ReqGlobalCancel())


@variant
def everything_held_is_sold() -> None:
    """The cleanup closes whole positions."""
    decide = flatten._decide

    def everything(own: Any, fills: Any, *, start: Any, now: Any) -> Any:
        found = decide(own, fills, start=start, now=now)
        if not now:
            return found
        side = "SELL" if now > 0 else "BUY"
        return flatten.Trade(own[0].contract, side, abs(now), target=now - now)

    flatten._decide = everything


@variant
def strangers_are_overlooked() -> None:
    """The proof afterwards finds nothing."""
    comparison.bypasses = lambda *_args: ()


if __name__ == "__main__":
    VARIANTS[os.environ["BROKEN_RELAY"]]()
    process.main()
