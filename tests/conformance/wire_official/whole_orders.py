"""Orders of the official client 10.46 with every attribute set, drawn or left alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from ibapi.contract import ComboLeg, Contract, DeltaNeutralContract
from ibapi.order import Order, OrderComboLeg
from ibapi.softdollartier import SoftDollarTier
from ibapi.tag_value import TagValue

from tests.conformance.wire_official import official
from tests.conformance.wire_official.values import FLOATS, TEXT, UNSET_FLOAT

INTS = st.integers(-(2**31), 2**31 - 2)
POSITIVE = st.integers(0, 10**6)
SWITCHES = ("usePriceMgmtAlgo", "seekPriceImprovement", "routeMarketableToBbo")
# First version whose gateway takes the attribute; the client refuses it below (server_versions).
SINCE = {
    **dict.fromkeys(("deactivate", "postOnly", "allowPreOpen", "ignoreOpenAuction"), 216),
    **dict.fromkeys(("routeMarketableToBbo", "seekPriceImprovement", "whatIfType"), 217),
    **dict.fromkeys(("slOrderId", "slOrderType", "ptOrderId", "ptOrderType"), 218),
    "hedgeMaxSize": 223,
}
# The gateway's side of an order: the client's text form has no place for them.
NOT_ASKED = frozenset(
    {"orderId", "clientId", "permId", "autoCancelDate", "filledQuantity", "refFuturesConId"}
    | {"shareholder", "parentPermId", "basisPoints", "basisPointsType", "auctionStrategy"}
)
ORDER_TYPES = ["MKT", "LMT", "TRAIL", "PEG BENCH", "PEG BEST", "PEG MID", "PEGMID", "VOL"]
CHOICES: dict[str, st.SearchStrategy[Any]] = {
    "orderType": st.sampled_from(ORDER_TYPES),
    "totalQuantity": st.decimals(0, 10**6, places=2) | st.integers(0, 10**6).map(Decimal),
    "competeAgainstBestOffset": st.sampled_from([UNSET_FLOAT, 0.02, float("inf")]),
    "continuousUpdate": st.booleans(),
    "discretionaryAmt": FLOATS,
    "scalePriceIncrement": st.sampled_from([UNSET_FLOAT, 0.0, 0.5]),
}


def _texts(length: int = 8) -> st.SearchStrategy[str]:
    return TEXT.map(lambda text: text[:length])


def tag_values() -> st.SearchStrategy[list[TagValue]]:
    """Tags of a map: each once, without the two characters that part them in text form."""
    word = st.text("abcXYZ019", min_size=1, max_size=5)
    pairs = st.dictionaries(word, word, max_size=3)
    return pairs.map(lambda found: [TagValue(*item) for item in found.items()])


def condition(draw: st.DrawFn) -> Any:
    """One condition of any type."""
    made = official.condition(draw(st.sampled_from([1, 3, 4, 5, 6, 7])))
    values = {
        "isConjunctionConnection": st.booleans(),
        "isMore": st.booleans(),
        "conId": POSITIVE,
        "exchange": _texts(),
        "price": FLOATS,
        "changePercent": FLOATS,
        "percent": st.integers(0, 100),
        "volume": POSITIVE,
        "triggerMethod": st.sampled_from([0, 1, 2, 3, 4, 7, 8]),
        "time": st.sampled_from(["20260710 15:00:00 US/Eastern", "20260710-15:00:00"]),
        "secType": st.sampled_from(["STK", "OPT"]),
        "symbol": _texts(),
    }
    for name, drawn in values.items():
        if hasattr(made, name):
            setattr(made, name, draw(drawn))
    return made


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """A contract; a combo with legs, or (which only protobuf sends) legs of something else."""
    made = Contract()
    made.conId, made.symbol = draw(POSITIVE), draw(_texts())
    made.secType = draw(st.sampled_from(["STK", "OPT", "BAG"]))
    made.lastTradeDateOrContractMonth = draw(st.sampled_from(["", "20260717"]))
    made.strike = draw(st.sampled_from([UNSET_FLOAT, 0.0, 622.5, 755.0]))
    made.right = draw(st.sampled_from(["", "C", "P"]))
    made.multiplier = draw(st.sampled_from(["", "100", "0.5", "1000"]))
    made.exchange = draw(st.sampled_from(["SMART", "IBKRATS"]))
    texts = ("primaryExchange", "currency", "localSymbol", "tradingClass", "secIdType", "secId")
    for name in texts:
        setattr(made, name, draw(_texts()))
    made.comboLegs = [draw(legs()) for _ in range(draw(st.integers(0, 3)))]
    if draw(st.booleans()):
        made.deltaNeutralContract = DeltaNeutralContract()
        made.deltaNeutralContract.conId = draw(POSITIVE)
        made.deltaNeutralContract.delta = draw(FLOATS)
        made.deltaNeutralContract.price = draw(FLOATS)
    return made


@st.composite
def legs(draw: st.DrawFn) -> ComboLeg:
    """One leg of a combo."""
    made = ComboLeg()
    made.conId, made.ratio = draw(POSITIVE), draw(st.integers(1, 9))
    made.action, made.exchange = draw(st.sampled_from(["BUY", "SELL"])), draw(_texts())
    made.openClose, made.shortSaleSlot = draw(st.integers(0, 3)), draw(st.integers(0, 2))
    made.designatedLocation, made.exemptCode = draw(_texts()), draw(st.integers(-1, 1))
    return made


def _attribute(draw: st.DrawFn, name: str, default: Any) -> Any:
    if name in CHOICES:
        return draw(CHOICES[name])
    if name in SWITCHES:
        return draw(st.sampled_from([None, True, False]))
    if isinstance(default, bool):
        return draw(st.booleans())
    if isinstance(default, str):
        return draw(_texts())
    if isinstance(default, float):
        return draw(FLOATS | st.just(default))
    assert isinstance(default, int), (name, default)
    return draw(INTS | st.just(default))


@st.composite
def orders(draw: st.DrawFn, contract: Contract, *, version: int) -> Order:
    """An order with every attribute drawn that a client may set at a version."""
    made = Order()
    for name, default in vars(Order()).items():
        if name in NOT_ASKED or version < SINCE.get(name, 0):
            continue
        if name == "softDollarTier":
            value: Any = SoftDollarTier(draw(_texts()), draw(_texts()), "")
        elif name == "conditions":
            value = [condition(draw) for _ in range(draw(st.integers(0, 2)))]
        elif name == "orderComboLegs":
            value = _leg_prices(draw, len(contract.comboLegs))
        elif name in ("algoParams", "smartComboRoutingParams", "orderMiscOptions"):
            value = draw(tag_values())
        else:
            value = _attribute(draw, name, default)
        setattr(made, name, value)
    return made


def _leg_prices(draw: st.DrawFn, count: int) -> list[OrderComboLeg]:
    """A price for each leg or for none: protobuf keeps the price in the leg itself."""
    found = []
    for _ in range(count if draw(st.booleans()) else 0):
        one = OrderComboLeg()
        one.price = draw(FLOATS)
        found.append(one)
    return found


def full_order(contract: Contract, *, version: int) -> Order:
    """An order with every attribute at something that is not its default."""
    made = Order()
    special: dict[str, Any] = {
        "orderType": "PEG BENCH",
        "totalQuantity": Decimal("12.5"),
        "softDollarTier": SoftDollarTier("tier", "1", ""),
        "algoParams": [TagValue("startTime", "10:00:00"), TagValue("endTime", "15:00:00")],
        "smartComboRoutingParams": [TagValue("NonGuaranteed", "1")],
        "orderMiscOptions": [TagValue("a", "1"), TagValue("b", "2")],
        "orderComboLegs": [OrderComboLeg() for _ in contract.comboLegs],
        "conditions": [official.condition(kind) for kind in (1, 3, 4, 5, 6, 7)],
        "scalePriceIncrement": 0.25,
    }
    for number, one in enumerate(special["orderComboLegs"]):
        one.price = 1.5 + number
    for one in special["conditions"]:
        _fill(one)
    for number, (name, default) in enumerate(vars(Order()).items()):
        if name not in NOT_ASKED and version >= SINCE.get(name, 0):
            setattr(made, name, special.get(name, _other(name, default, number)))
    return made


def _other(name: str, default: Any, number: int) -> Any:
    if name in SWITCHES:
        return True
    if isinstance(default, bool):
        return not default
    if isinstance(default, str):
        return f"text{number}"
    if isinstance(default, float):
        return number + 0.25
    return None if default is None else number + 1


def _fill(made: Any) -> None:
    values = {"isMore": True, "conId": 756733, "exchange": "SMART", "price": 650.25}
    values |= {"changePercent": 1.5, "percent": 30, "volume": 100_000, "triggerMethod": 2}
    values |= {"time": "20260710 15:00:00 US/Eastern", "secType": "STK", "symbol": "SPY"}
    values["isConjunctionConnection"] = False
    for name, value in values.items():
        if hasattr(made, name):
            setattr(made, name, value)


def combo() -> Contract:
    """A vertical of two legs."""
    made = Contract()
    made.symbol, made.secType, made.exchange, made.currency = "SPY", "BAG", "SMART", "USD"
    for number, action in ((1001, "BUY"), (1002, "SELL")):
        leg = ComboLeg()
        leg.conId, leg.ratio, leg.action, leg.exchange = number, 1, action, "SMART"
        made.comboLegs.append(leg)
    made.deltaNeutralContract = DeltaNeutralContract()
    made.deltaNeutralContract.conId = 756733
    made.deltaNeutralContract.delta, made.deltaNeutralContract.price = 0.5, 750.25
    return made
