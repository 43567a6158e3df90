"""What placeOrder and its echoes share in protobuf: names, contract, legs, conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from pytest_ibkr.wire.messages.place_order import LegPrice, OrderCondition, OrderLeg
from pytest_ibkr.wire.protobuf.conversions import clean
from pytest_ibkr.wire.protobuf.layout import Here, Via, here, pairs, part, via
from pytest_ibkr.wire.scalars import LONG_MAX_TEXT, finite

Body = Mapping[str, Any]

# Fields of the protobuf Order whose name is not ours in other letters.
ORDER: Final[dict[str, Any]] = {
    "totalQuantity": "quantity",
    "lmtPrice": "limit_price",
    "minQty": "min_quantity",
    "rule80A": "rule_80a",
    "deltaNeutralOrderType": "dn_order_type",
    "deltaNeutralAuxPrice": "dn_aux_price",
    "deltaNeutralConId": "dn_con_id",
    "deltaNeutralShortSale": "dn_short_sale",
    "deltaNeutralShortSaleSlot": "dn_short_sale_slot",
    "deltaNeutralDesignatedLocation": "dn_designated_location",
    "scaleInitLevelSize": "scale_init_size",
    "scaleSubsLevelSize": "scale_subs_size",
    "scalePriceIncrement": "scale_increment",
    "scalePriceAdjustValue": "scale_adjust_value",
    "scalePriceAdjustInterval": "scale_adjust_interval",
    "scaleInitFillQty": "scale_init_fill",
    "algoParams": pairs("algo_params"),
    "smartComboRoutingParams": pairs("routing"),
    "discretionaryAmt": "discretionary_amount",
    "referenceContractId": "reference_con_id",
    "peggedChangeAmount": "pegged_change",
    "isPeggedChangeAmountDecrease": "pegged_decrease",
    "referenceChangeAmount": "reference_change",
    "referenceExchangeId": "reference_exchange",
    "lmtPriceOffset": "limit_price_offset",
    "cashQty": "cash_quantity",
    "minTradeQty": "min_trade_quantity",
    "competeAgainstBestOffset": "compete_offset",
    "midOffsetAtWhole": "mid_offset_whole",
    "midOffsetAtHalf": "mid_offset_half",
}
# What placeOrder and openOrder have beyond a finished order.
WORKING: Final[dict[str, Any]] = {
    **ORDER,
    "deltaNeutralOpenClose": "dn_open_close",
    "deltaNeutralSettlingFirm": "dn_settling_firm",
    "deltaNeutralClearingAccount": "dn_clearing_account",
    "deltaNeutralClearingIntent": "dn_clearing_intent",
    "discretionaryUpToLimitPrice": "discretionary_up_to_limit",
}
CONTRACT: Final[dict[str, Any]] = {
    "conId": "contract.con_id",
    "symbol": "contract.symbol",
    "secType": "contract.sec_type",
    "lastTradeDateOrContractMonth": "contract.expiry",
    "strike": "contract.strike",
    "right": "contract.right",
    "multiplier": "contract.multiplier",
    "exchange": "contract.exchange",
    "currency": "contract.currency",
    "localSymbol": "contract.local_symbol",
    "tradingClass": "contract.trading_class",
}

# Of a contract: what no echo says of it.
NOT_IN_ECHOES: Final = (
    *("primaryExch", "secIdType", "secId", "description", "issuerId", "includeExpired"),
    "lastTradeDate",
)
_LEG: Final = {
    "conId": "con_id",
    "ratio": "ratio",
    "action": "action",
    "exchange": "exchange",
    "openClose": "open_close",
    "shortSalesSlot": "short_sale_slot",
    "designatedLocation": "designated_location",
    "exemptCode": "exempt_code",
}
_LEG_TEXTS: Final = ("action", "exchange", "designatedLocation")
# Which field holds what a condition compares with, by its type, and how that is read.
_CONDITION_VALUES: Final[dict[int, tuple[str, type]]] = {
    1: ("price", float),
    3: ("time", str),
    4: ("percent", int),
    6: ("volume", int),
    7: ("changePercent", float),
}
_ON_A_CONTRACT: Final = (1, 6, 7)
EXECUTION: Final = 5
PRICE: Final = 1


def legs_out(legs: Sequence[OrderLeg], prices: Sequence[LegPrice]) -> list[Body] | None:
    """Return the legs of a combo, each with its price; prices without a leg are lost."""
    found: list[Body] = []
    for place, leg in enumerate(legs):
        one: dict[str, Any] = {name: getattr(leg, ours) for name, ours in _LEG.items()}
        one |= {name: one[name] or None for name in _LEG_TEXTS}
        price = prices[place].price if place < len(prices) else None
        found.append({**one, "perLegPrice": None if price is None else float(price)})
    return found or None


def legs_in(legs: Sequence[Body] | None) -> tuple[tuple[OrderLeg, ...], tuple[LegPrice, ...]]:
    """Return legs and their prices: as many prices as legs, or none when no leg has one."""
    found = tuple(_leg(one) for one in legs or ())
    prices = [one.get("perLegPrice") for one in legs or ()]
    if all(price is None for price in prices):
        return found, ()
    return found, tuple(LegPrice(price=_money(price)) for price in prices)


def _leg(one: Body) -> OrderLeg:
    said: dict[str, Any] = {ours: one.get(name, 0) for name, ours in _LEG.items()}
    said |= {_LEG[name]: clean(one.get(name, "")) for name in _LEG_TEXTS}
    return OrderLeg(**said)


def _money(price: float | None) -> Decimal | None:
    return None if finite(price, repr(price)) is None else Decimal(repr(price))


def conditions_out(conditions: Sequence[OrderCondition]) -> list[Body] | None:
    """Return conditions, what they compare with in the field of their type."""
    return [_condition_out(one) for one in conditions] or None


def _condition_out(one: OrderCondition) -> Body:
    said: dict[str, Any] = {"type": one.type, "isConjunctionConnection": one.conjunction == "a"}
    if one.type == EXECUTION:
        named = {"secType": one.sec_type, "symbol": one.symbol, "exchange": one.execution_exchange}
        return {**said, **{name: text or None for name, text in named.items()}}
    said["isMore"] = one.is_more
    if (value := _CONDITION_VALUES.get(one.type)) and one.value:
        name, read = value
        said[name] = int(float(one.value)) if read is int else read(one.value)
    if one.type in _ON_A_CONTRACT:
        said |= {"conId": one.con_id, "exchange": one.exchange or None}
    if one.type == PRICE:
        said["triggerMethod"] = one.trigger_method
    return said


def conditions_in(conditions: Sequence[Body] | None) -> tuple[OrderCondition, ...]:
    """Return conditions as text form has them; a field of another type is not looked at."""
    return tuple(_condition(one) for one in conditions or ())


def _condition(one: Body) -> OrderCondition:
    kind = one.get("type", 0)
    name, _ = _CONDITION_VALUES.get(kind, ("", str))
    traded, executed = kind in _ON_A_CONTRACT, kind == EXECUTION
    exchange = clean(one.get("exchange", ""))
    return OrderCondition(
        type=kind,
        conjunction="a" if one.get("isConjunctionConnection") else "o",
        is_more=bool(name) and one.get("isMore", False),
        value=clean(str(one.get(name, ""))),
        con_id=one.get("conId", 0) if traded else 0,
        exchange=exchange if traded else "",
        trigger_method=one.get("triggerMethod", 0) if kind == PRICE else 0,
        sec_type=clean(one.get("secType", "")) if executed else "",
        execution_exchange=exchange if executed else "",
        symbol=clean(one.get("symbol", "")) if executed else "",
    )


def delta_neutral(cls: type) -> Here:
    """Return the contract that makes an order delta neutral, when there is one."""
    made = part(
        cls,
        "DeltaNeutralContract",
        conId="delta_neutral_con_id",
        delta="delta_neutral_delta",
        price="delta_neutral_price",
    )
    return here(made, flag="delta_neutral")


def _margins(moment: str) -> dict[str, str]:
    ours = {"initMargin": "init_margin", "maintMargin": "maint_margin", "equityWithLoan": "equity"}
    found = {f"{name}{moment}": f"{own}_{moment.lower()}" for name, own in ours.items()}
    return found | {f"{name}OutsideRTH": f"{own}_outside_rth" for name, own in found.items()}


# Of an order's state, in and outside the regular session.
MARGINS: Final = _margins("Before") | _margins("Change") | _margins("After")


def options_out(text: str) -> Mapping[str, str] | None:
    """Return ``a=1;b=2;`` as a map."""
    pairs_of = (pair.partition("=") for pair in text.split(";") if pair)
    return {tag: value for tag, _, value in pairs_of} or None


def options_in(found: Mapping[str, str] | None) -> str:
    """Return a map as the text the official client makes of its tags, by tag."""
    return clean("".join(f"{tag}={value};" for tag, value in sorted((found or {}).items())))


def trail_out(trail: Decimal | None, adjusted: float | None) -> float | None:
    """Return the one trailing stop: the place read last in text form, else the first."""
    return adjusted if adjusted is not None or trail is None else float(trail)


def trail_in(found: float | None) -> tuple[Decimal | None, float | None]:
    """Return the trailing stop for both places of the text form."""
    return _money(found), found


def parent_out(perm_id: str) -> int | None:
    """Return the parent's permId; none in any spelling is absent."""
    return None if perm_id in ("", LONG_MAX_TEXT) else int(perm_id)


def parent_in(found: int | None) -> str:
    """Return the parent's permId as text form has it."""
    return LONG_MAX_TEXT if found is None else str(found)


LEGS: Final[Via] = via(("legs", "leg_prices"), to_proto=legs_out, from_proto=legs_in)
CONDITIONS: Final[Via] = via("conditions", to_proto=conditions_out, from_proto=conditions_in)
TRAIL: Final[Via] = via(
    ("trail_stop_price", "adjusted_trail_stop_price"), to_proto=trail_out, from_proto=trail_in
)
