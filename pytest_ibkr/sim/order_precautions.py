"""What a gateway's own settings say about an order: precautions that refuse, warnings that do not.

Every one is a condition and off by default, since the settings of a gateway decide it
(gateway-behaviour.md 3.4).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.executions import NO_ZONE
from pytest_ibkr.sim.fills import opposite
from pytest_ibkr.sim.order_features import SWEEP_IGNORED
from pytest_ibkr.sim.positions import exact
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.sim.times import names_zone
from pytest_ibkr.wire.versions import ZONED_TIMES

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.wire.messages.place_order import PlaceOrder

PRESET_TIF: Final = "Order TIF was set to DAY based on order preset."
RTH_IGNORED: Final = (
    "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the order"
    " type and destination. PlaceOrder is now being processed."
)
PRICE_RANGE: Final = (
    "Price is out of the range defined by the Percentage setting at order defaults frame. The"
    " order will not be transmitted."
)
DIRECT: Final = (
    "This order will be directly routed to {exchange}. Direct routed orders may result in higher"
    " trade fees."
)
CROSSES: Final = "The closing order quantity is greater than your current position."


def check(terms: PlaceOrder, instrument: Instrument, engine: Engine) -> None:
    """Refuse what the gateway's precautions stop.

    Raises:
        Refusal: 109 for a price too far from the market, 460 without permission to trade the
            symbol, 10311 for an exchange named directly.
    """
    conditions = engine.conditions
    if instrument.symbol in conditions.no_trading_permission:
        raise Refusal(460, "No trading permissions.")
    if conditions.direct_routing_precaution and terms.contract.exchange != "SMART":
        raise Refusal(10311, DIRECT.format(exchange=terms.contract.exchange))
    percent = conditions.price_precaution_percent
    if percent is not None and terms.limit_price is not None:
        buys = terms.action == "BUY"
        offer = opposite(engine.market.quote(instrument, engine.now_s), buys=buys)
        if offer is not None:
            away = (terms.limit_price - offer.price) * (1 if buys else -1)
            if away > abs(offer.price) * exact(percent) / Decimal(100):
                raise Refusal(109, PRICE_RANGE)


def warn(client: Client, *, sent: PlaceOrder, taken: PlaceOrder, engine: Engine) -> None:
    """Say what the gateway changed or doubts; the order is placed all the same."""
    conditions, order_id = engine.conditions, sent.order_id
    moments = (sent.good_after_time, sent.good_till_date)
    zoneless = any(text and not names_zone(text) for text in moments)
    if zoneless and client.version >= ZONED_TIMES:
        client.error(order_id, 2174, NO_ZONE)
    if not sent.tif and conditions.empty_tif_notice:
        client.error(order_id, 10349, PRESET_TIF)
    if sent.outside_rth and not taken.outside_rth:
        client.error(order_id, 2109, RTH_IGNORED)
    if sent.sweep_to_fill and not taken.sweep_to_fill:
        client.error(order_id, 131, SWEEP_IGNORED)
    if conditions.etrade_only_notice and sent.e_trade_only:
        client.error(order_id, 2168, "Etrade Only Not Supported Warning")
    if conditions.etrade_only_notice and sent.firm_quote_only:
        client.error(order_id, 2169, "Firm Quote Only Not Supported Warning")
    if conditions.cross_side_warning and _crosses(sent, engine):
        client.error(order_id, 2137, CROSSES)


def _crosses(sent: PlaceOrder, engine: Engine) -> bool:
    """Whether an order would turn a position around."""
    if sent.contract.sec_type == "BAG":
        return False
    instrument = engine.world.book.resolve(sent.contract)
    held = engine.accounts.ledger.quantity(instrument.con_id)
    closes = held > 0 if sent.action == "SELL" else held < 0
    return closes and sent.quantity > abs(held)
