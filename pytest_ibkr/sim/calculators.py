"""The option calculators: a volatility from a price, or a price from a volatility.

Message 21 with tick type 53 (gateway-behaviour.md 2.6). What cannot be computed is a sentinel, as
in other computations. Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim import pricing
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.option_model import Expiry
from pytest_ibkr.sim.refusal import invalid
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.calculations import (
    CancelImpliedVolatility,
    CancelOptionPrice,
    ReqImpliedVolatility,
    ReqOptionPrice,
)
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.market_data import TickOptionComputation

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.world import World

CUSTOM: Final = 53  # tick type of a calculator's answer
_NO_PRICE, _NO_GREEK = -1.0, -2.0
_HIGHEST_VOL: Final = 20.0
_LONG_BEFORE_S: Final = 400 * 86400  # no expiry was over then: the time to it is not cut at 0
_OPTIONS_ONLY: Final = "Calculation of Option Price supported for option securities only"
_FIELDS: Final = (
    "When the local symbol field is empty, please fill all option fields (right, strike, expiry)"
)


class CalculatorDesk:
    """Answers calculations; each is over with its answer, so that a cancel finds nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._expiries: dict[tuple[str, str], Expiry] = {}
        self._world: World | None = None

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {
            ReqImpliedVolatility: self._volatility,
            ReqOptionPrice: self._price,
            CancelImpliedVolatility: self._cancel,
            CancelOptionPrice: self._cancel,
        }

    @staticmethod
    def _cancel(_client: Client, _request: Message) -> None:
        # Silent, also for an id nobody asked under (captured).
        return

    def _option(self, contract: Contract) -> Instrument:
        if contract.sec_type not in ("", "OPT", "FOP"):
            raise invalid(_OPTIONS_ONLY)
        given = contract.right and contract.strike and contract.expiry
        if not (contract.con_id or contract.local_symbol or given):
            raise invalid(_FIELDS)
        found = self._engine.world.book.resolve(contract)
        if found.sec_type not in ("OPT", "FOP"):
            raise invalid(_OPTIONS_ONLY)
        return found

    def _volatility(self, client: Client, request: ReqImpliedVolatility) -> None:
        option = self._option(request.contract)
        vol = self._solved(option, request.option_price, request.under_price)
        answer = TickOptionComputation(
            request_id=request.request_id,
            tick=CUSTOM,
            implied_vol=_NO_PRICE if vol is None else vol,
            delta=_NO_GREEK,
            option_price=request.option_price,
            pv_dividend=_NO_PRICE,
            gamma=_NO_GREEK,
            vega=_NO_GREEK,
            theta=_NO_GREEK,
            under_price=request.under_price,
        )
        self._answer(client, answer)

    def _price(self, client: Client, request: ReqOptionPrice) -> None:
        option = self._option(request.contract)
        found = self._valued(option, request.volatility, request.under_price)
        value, greeks = (_NO_PRICE, None) if found is None else found
        answer = TickOptionComputation(
            request_id=request.request_id,
            tick=CUSTOM,
            implied_vol=request.volatility,
            delta=_NO_GREEK if greeks is None else greeks.delta,
            option_price=value,
            pv_dividend=_NO_PRICE,
            gamma=_NO_GREEK if greeks is None else greeks.gamma,
            vega=_NO_GREEK if greeks is None else greeks.vega,
            theta=_NO_GREEK if greeks is None else greeks.theta,
            under_price=request.under_price,
        )
        self._answer(client, answer)

    def _answer(self, client: Client, answer: TickOptionComputation) -> None:
        delay_s = self._engine.conditions.latency.tick_s
        self._engine.owe(client, delay_s, lambda: client.send(answer))

    def _solved(self, option: Instrument, value: float, spot: float) -> float | None:
        expiry = self._expiry(option)
        if expiry is None or not _sound(spot, option.strike):
            return None
        forward, years, discount = expiry.at(self._engine.now_s, spot)
        right = option.right
        return pricing.implied_vol(
            value, forward, option.strike, years=years, right=right, discount=discount
        )

    def _valued(
        self, option: Instrument, vol: float, spot: float
    ) -> tuple[float, pricing.Greeks | None] | None:
        expiry = self._expiry(option)
        if expiry is None or not _sound(spot, option.strike) or not 0 < vol <= _HIGHEST_VOL:
            return None
        forward, years, discount = expiry.at(self._engine.now_s, spot)
        strike, right = option.strike, option.right
        value = pricing.price(forward, strike, years, vol=vol, right=right, discount=discount)
        if years <= 0:
            return value, None
        greeks = pricing.greeks(
            forward, strike, years, vol=vol, right=right, spot=spot, discount=discount
        )
        return value, greeks

    def _expiry(self, option: Instrument) -> Expiry | None:
        """The option's expiry as captured: forward and discount; None without a captured price."""
        world = self._engine.world
        if self._world is not world:
            self._world, self._expiries = world, {}
        key = (option.prices, option.series)
        found = self._expiries.get(key)
        if found is None:
            made = _fitted(self._engine, option)
            if made is None:
                return None
            found = self._expiries[key] = made
        return found


def _sound(spot: float, strike: float) -> bool:
    """Whether prices are near enough to each other for the model's arithmetic."""
    return spot > 0 and 1e-4 < spot / strike < 1e4


def _fitted(engine: Engine, option: Instrument) -> Expiry | None:
    book, market = engine.world.book, engine.market
    path = market.paths.get(option.prices)
    spot = None if path is None else path.block.price
    if spot is None or spot <= 0:
        return None
    rows = [
        book.row(each)
        for each in book.chain(option.symbol)
        if (each.prices, each.series) == (option.prices, option.series)
    ]
    begun_s = market.captured_s - _LONG_BEFORE_S
    expires_s = begun_s + market.years_to_expiry(option, begun_s) * pricing.YEAR_S
    return Expiry(
        rows,
        spot=spot,
        captured_s=market.captured_s,
        expires_s=expires_s,
        fallback_vol=lambda: None,
    )
