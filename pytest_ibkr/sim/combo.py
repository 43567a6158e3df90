"""Combinations (BAG): what one is, and how a client's legs are checked and found.

A combination is an instrument of its own for orders and quotes; the account holds its legs, never
the combination. Knows nothing of prices and clients.

Sources: texts of refusals gateway-behaviour.md 3.4; the contract id that every combination in USD
is printed with, its class ``COMB`` and the text of its legs are those of recorded openOrder frames
that public clients ship as test data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING, Final, Protocol

from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.refusal import Refusal, invalid, unknown_contract
from pytest_ibkr.wire.messages.contract import Contract

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import ContractBook

PRINTED_CON_ID: Final = 28812380
TRADING_CLASS: Final = "COMB"
NO_EXCHANGE: Final = "Please enter exchange"
NO_LEGS: Final = "Security type 'BAG' requires combo leg details."
BAD_RATIO: Final = "Invalid leg ratio."
BAD_LEG: Final = (
    "The combo details for leg '{number}' are invalid. -  conid, ratio, side: {con_id}, {ratio},"
    " {side}"
)
UNSUPPORTED: Final = Refusal(387, "Unsupported order type for this exchange and security type.")
_SIDES: Final = {"BUY": 1, "SELL": -1, "SSHORT": -1}
_LEGGED: Final = frozenset({"STK", "OPT"})
_FEWEST: Final = 2


class AskedLeg(Protocol):
    """A leg as orders and as requests of data carry it."""

    @property
    def con_id(self) -> int:
        """Contract id."""

    @property
    def ratio(self) -> int:
        """Shares or contracts per combination."""

    @property
    def action(self) -> str:
        """Side of the leg when the combination is bought."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg: ``ratio`` is signed, in shares or contracts per combination bought."""

    instrument: Instrument
    ratio: int

    @property
    def unit(self) -> int:
        """Signed shares that the leg stands for in one combination."""
        return self.ratio * (self.instrument.multiplier or 1)


@dataclass(frozen=True, slots=True, eq=False)
class Combo(Instrument):
    """Several contracts of one underlying traded as one, in fixed proportions.

    Its price is per share of its largest unit: a spread of options costs the difference of their
    prices, 100 shares against one call cost what a share costs less what the call costs. ``con_id``
    is negative and stays inside; what messages carry is ``PRINTED_CON_ID``. ``symbol`` is the
    underlying's; ``named`` is what the client called it, which messages repeat.
    """

    legs: tuple[Leg, ...] = ()
    named: str = ""

    def contract(self, *, exchange: str | None = None) -> Contract:
        """The contract as messages carry it: without multiplier, under the id of all of them."""
        return Contract(
            con_id=PRINTED_CON_ID,
            symbol=self.named or self.symbol,
            sec_type=self.sec_type,
            exchange=self.exchange if exchange is None else exchange,
            currency=self.currency,
            local_symbol=str(PRINTED_CON_ID),
            trading_class=self.trading_class,
        )

    @property
    def legs_text(self) -> str:
        """The legs as openOrder describes them: ``conId|ratio`` with sign, joined by commas."""
        return ",".join(f"{leg.instrument.con_id}|{leg.ratio}" for leg in self.legs)


class Combos:
    """Every combination met in a session: the same legs are the same instrument."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Combo] = {}

    def resolve(
        self,
        contract: Contract,
        legs: Sequence[AskedLeg],
        book: ContractBook,
        *,
        untraded: Refusal = UNSUPPORTED,
    ) -> Combo:
        """The combination a contract and its legs mean.

        Args:
            contract: as the client sent it.
            legs: likewise.
            book: where the legs are found.
            untraded: what legs on more than one underlying, and on anything but stocks and
                options, are refused with.

        Raises:
            Refusal: 321 without legs, with an impossible leg or ratio; 200 for a leg nobody knows;
                ``untraded``.
        """
        if not contract.exchange:
            raise invalid(NO_EXCHANGE)
        found = checked_legs(legs, book)
        underlyings = {book.underlying(leg.instrument).con_id for leg in found}
        kinds = {leg.instrument.sec_type for leg in found}
        if len(underlyings) > 1 or not kinds <= _LEGGED:
            raise untraded
        under = book.underlying(found[0].instrument)
        named = contract.symbol or under.symbol
        key = (named, ",".join(f"{leg.instrument.con_id}|{leg.ratio}" for leg in found))
        if key not in self._known:
            self._known[key] = _made(under, found, named=named, con_id=-1 - len(self._known))
        return self._known[key]


def checked_legs(legs: Sequence[AskedLeg], book: ContractBook) -> tuple[Leg, ...]:
    """The legs with their instruments.

    A single leg, a contract that comes twice and ratios with a common factor are taken for
    mistakes; what the gateway makes of them is not evidenced.

    Raises:
        Refusal: as :meth:`Combos.resolve` says.
    """
    if len(legs) < _FEWEST:
        raise invalid(NO_LEGS)
    seen: set[int] = set()
    for number, leg in enumerate(legs, 1):
        side = _SIDES.get(leg.action)
        if leg.con_id <= 0 or side is None or leg.con_id in seen:
            shown = {"con_id": leg.con_id, "ratio": leg.ratio, "side": side or 0}
            raise invalid(BAD_LEG.format(number=number, **shown))
        seen.add(leg.con_id)
    if min(leg.ratio for leg in legs) <= 0 or gcd(*(leg.ratio for leg in legs)) != 1:
        raise invalid(BAD_RATIO)
    found = []
    for leg in legs:
        instrument = book.by_id(leg.con_id)
        if instrument is None or instrument.expired:
            raise unknown_contract()
        found.append(Leg(instrument, leg.ratio * _SIDES[leg.action]))
    return tuple(found)


def _made(under: Instrument, legs: tuple[Leg, ...], *, named: str, con_id: int) -> Combo:
    first = legs[0].instrument
    return Combo(
        con_id=con_id,
        symbol=under.symbol,
        sec_type="BAG",
        expiry="",
        strike=0.0,
        right="",
        multiplier=max(leg.instrument.multiplier or 1 for leg in legs),
        exchange="SMART",
        primary_exchange="",
        currency=under.currency,
        local_symbol=f"{named} Combo",
        trading_class=TRADING_CLASS,
        min_tick=0.05 if first.nickel else 0.01,  # see combo_quotes.tick
        long_name=under.long_name,
        stock_type="",
        under_con_id=under.con_id,
        listing="Combo",
        time_zone=first.time_zone,
        valid_exchanges="SMART",
        penny=not first.nickel,
        nickel=first.nickel,
        family=under.prices,
        legs=legs,
        named=named,
    )
