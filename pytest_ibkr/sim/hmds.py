"""What data services say when they refuse: texts that several requests share; pure.

Source: gateway-behaviour.md 2.4 and 2.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.refusal import Refusal

if TYPE_CHECKING:
    from pytest_ibkr.sim.instruments import Instrument
    from pytest_ibkr.wire.messages.contract import Contract

PREFIX: Final = "Historical Market Data Service error message:"
MORE_RIGHTS: Final = (
    "Requested market data requires additional subscription for API. See link in 'Market Data"
    " Connections' dialog for more details."
)


def no_rights(instrument: Instrument) -> str:
    """Whose data the account may not see; ISLAND is the services' name for NASDAQ."""
    exchange = "ISLAND" if instrument.primary_exchange == "NASDAQ" else instrument.listing
    return f"No market data permissions for {exchange} {instrument.sec_type}"


def no_permissions(instrument: Instrument) -> str:
    """The sentences with which a data service refuses."""
    return f"{no_rights(instrument)}. {MORE_RIGHTS}"


def not_permitted(instrument: Instrument) -> Refusal:
    """The 162 of history that the account may not see."""
    return Refusal(162, f"{PREFIX}{no_permissions(instrument)}")


def no_trades(instrument: Instrument, width: str) -> Refusal:
    """The 162 of trades of what reports none, as users quote it.

    Args:
        instrument: a currency pair or a CFD.
        width: of a bar, seconds or ``1d``; ``0`` for no bars at all.
    """
    venue = "FXSUBPIP" if instrument.sec_type == "CASH" and width != "0" else instrument.exchange
    name = f"{instrument.symbol}/{instrument.sec_type}@{venue}"
    return Refusal(162, f"{PREFIX}No historical market data for {name} Last {width}")


def no_data(instrument: Instrument, contract: Contract, what: str) -> Refusal:
    """The 162 of history there is none of.

    Args:
        instrument: whose history.
        contract: as the client sent it.
        what: as the text prints it, ``Trades``.
    """
    name = f"{instrument.local_symbol}@{contract.exchange}"
    return Refusal(162, f"{PREFIX}HMDS query returned no data: {name} {what}")
