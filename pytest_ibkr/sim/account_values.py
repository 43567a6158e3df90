"""The account's figures as keyed texts: key sets, formats and order of messages 6, 63 and 73.

Keys, order and formats after a paper account's download of 2026-01-02 (server version about 177).
Pure: takes figures, returns rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pytest_ibkr.sim.margin import Standing
from pytest_ibkr.sim.positions import ZERO

BASE: Final = "BASE"
SEGMENTS: Final = ("C", "P", "S")  # commodities, crypto at Paxos, securities
_FINEST: Final = Decimal("1E-7")
_ENDLESS_DAY_TRADES: Final = "-1"

# Summary tags of the official client that differ from the keys above (its spelling).
_TAG_KEYS: Final = {"ReqTEquity": "RegTEquity", "ReqTMargin": "RegTMargin"}
_SUMMARY_ONLY: Final = frozenset({"SettledCash", "Leverage"})
SUMMARY_TAGS: Final = frozenset(
    {"AccountType", "NetLiquidation", "TotalCashValue", "AccruedCash", "BuyingPower"}
    | {"EquityWithLoanValue", "PreviousDayEquityWithLoanValue", "GrossPositionValue", "SMA"}
    | {"RegTEquity", "RegTMargin", "InitMarginReq", "MaintMarginReq", "AvailableFunds"}
    | {"ExcessLiquidity", "Cushion", "FullInitMarginReq", "FullMaintMarginReq"}
    | {"FullAvailableFunds", "FullExcessLiquidity", "LookAheadNextChange"}
    | {"LookAheadInitMarginReq", "LookAheadMaintMarginReq", "LookAheadAvailableFunds"}
    | {"LookAheadExcessLiquidity", "DayTradesRemaining"}
    | set(_TAG_KEYS)
    | _SUMMARY_ONLY
)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure as messages carry it; ``currency`` is empty for texts."""

    key: str
    value: str
    currency: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rows are made of: dollars, an account id and the exchange's date ``YYYYMMDD``.

    Without ``crypto`` the account has no such segment, as the live account that was captured.
    """

    account_id: str
    currency: str
    date: str
    start_equity: Decimal
    realized: Decimal
    standing: Standing
    crypto: bool = True


def money(value: Decimal) -> str:
    """Two decimals at least, up to seven when needed, no grouping."""
    text = format(value.quantize(_FINEST), "f").rstrip("0")
    whole, _, cents = text.partition(".")
    text = f"{whole}.{cents:<02}"
    return text[1:] if text.startswith("-") and not value.quantize(_FINEST) else text


def ratio(value: Decimal) -> str:
    """A share of 1, at most six decimals: ``1``, ``0.98744``."""
    return format(value.quantize(Decimal("1E-6")).normalize(), "f")


def update_rows(figures: Figures) -> list[Row]:
    """Rows of message 6: every key in order and once, the BASE row of a pair first."""
    ledgers = [*ledger_rows(figures, figures.currency), *ledger_rows(figures, BASE)]
    named = [
        Row("RealCurrency", BASE, BASE) if (r.key, r.currency) == ("RealCurrency", BASE) else r
        for r in ledgers
    ]
    rows = {(row.key, row.currency): row for row in (*named, *account_rows(figures))}
    if not figures.crypto:
        rows = {found: row for found, row in rows.items() if row.key != "Cryptocurrency"}
    return sorted(rows.values(), key=lambda row: (_collated(row.key), row.currency != BASE))


def _collated(key: str) -> tuple[str, str]:
    """Sort key of message 6: ``NLVAnd…`` before ``NetDividend``, ``X`` before ``X-C``."""
    name, _, segment = key.partition("-")
    return name, segment


def account_rows(figures: Figures) -> list[Row]:
    """Account-level rows, as message 73 begins."""
    commodities = _commodities(figures.standing)
    rows = [
        *_texts(figures),
        *(
            row
            for key, value in _segmented(figures).items()
            for row in _spread(key, value, commodities=commodities.get(key, ZERO))
        ),
        *(
            row
            for key, value in _securities(figures).items()
            for row in (Row(key, value, ""), Row(f"{key}-S", value, ""))
        ),
    ]
    rows.append(Row("BuyingPower", money(figures.standing.buying_power), ""))
    rows.append(Row("NetLiquidationUncertainty", money(ZERO), ""))
    texts = {row.key for row in _texts(figures)}
    done = [row if row.key in texts else Row(row.key, row.value, figures.currency) for row in rows]
    if not figures.crypto:
        done = [row for row in done if not row.key.endswith("-P")]
    return sorted(done, key=lambda row: _collated(row.key))


def ledger_rows(figures: Figures, currency: str) -> list[Row]:
    """One ledger block of message 73, for the account's currency or the pseudo currency BASE."""
    standing = figures.standing
    values: dict[str, str | Decimal] = {
        "Currency": currency,
        "CashBalance": standing.cash,
        "TotalCashBalance": standing.cash,
        "AccruedCash": ZERO,
        "StockMarketValue": standing.stock_value,
        "OptionMarketValue": standing.option_value,
        "FutureOptionValue": ZERO,
        "FuturesPNL": standing.futures_pnl,
        "NetLiquidationByCurrency": standing.net_liquidation,
        "UnrealizedPnL": standing.unrealized,
        "RealizedPnL": figures.realized,
        "ExchangeRate": Decimal(1),
        "FundValue": ZERO,
        "NetDividend": ZERO,
        "MutualFundValue": ZERO,
        "MoneyMarketFundValue": ZERO,
        "CorporateBondValue": ZERO,
        "TBondValue": ZERO,
        "TBillValue": ZERO,
        "WarrantValue": ZERO,
        "FxCashBalance": ZERO,
        "AccountOrGroup": figures.account_id,
        "RealCurrency": figures.currency,
        "IssuerOptionValue": ZERO,
        "Cryptocurrency": ZERO if figures.crypto else "",
    }
    return [
        Row(key, value if isinstance(value, str) else money(value), currency)
        for key, value in values.items()
    ]


def multi_rows(figures: Figures, *, ledger_and_nlv: bool) -> list[Row]:
    """Rows of message 73: account keys, then the ledger of the currency, then of BASE."""
    account = account_rows(figures)
    if ledger_and_nlv:
        account = [row for row in account if row.key == "NetLiquidation"]
    return [*account, *ledger_rows(figures, figures.currency), *ledger_rows(figures, BASE)]


def summary_rows(figures: Figures, tags: Iterable[str]) -> list[Row]:
    """Rows of message 63 for the tags asked for, sorted by tag; unknown tags give none."""
    known = {row.key: row for row in account_rows(figures)}
    known["SettledCash"] = Row("SettledCash", money(figures.standing.cash), figures.currency)
    known["Leverage"] = Row("Leverage", known["Leverage-S"].value, "")
    rows = []
    for tag in sorted({tag.strip() for tag in tags}):
        if tag in SUMMARY_TAGS:
            row = known[_TAG_KEYS.get(tag, tag)]
            rows.append(Row(tag, row.value, row.currency))
        elif tag.startswith("$LEDGER"):
            rows += _summary_ledger(figures, tag.partition(":")[2])
    return rows


def _summary_ledger(figures: Figures, currency: str) -> list[Row]:
    if currency == "ALL":
        return [*ledger_rows(figures, figures.currency), *ledger_rows(figures, BASE)]
    if currency in ("", BASE):
        return ledger_rows(figures, BASE)
    return ledger_rows(figures, currency) if currency == figures.currency else []


def _texts(figures: Figures) -> list[Row]:
    standing = figures.standing
    total = standing.net_liquidation
    cushion = max(ZERO, standing.excess_liquidity / total) if total > 0 else ZERO
    leverage = standing.gross_value / total if total > 0 else ZERO
    swept = standing.futures_initial - standing.futures_pnl
    values = {
        "AccountCode": figures.account_id,
        "AccountReady": "true",
        "AccountType": "INDIVIDUAL",  # on paper accounts too
        "ColumnPrio-C": "2",
        "ColumnPrio-P": "5",
        "ColumnPrio-S": "1",
        "Cushion": ratio(cushion),
        "DayTradesRemaining": _ENDLESS_DAY_TRADES,
        **{f"DayTradesRemainingT+{day}": _ENDLESS_DAY_TRADES for day in range(1, 5)},
        "DayTradingStatus-S": f"::false:{money(standing.equity_with_loan)}::false",
        "Leverage-S": format(leverage.quantize(Decimal("0.01")), "f"),
        "LookAheadNextChange": "0",
        "NLVAndMarginInReview": "false",
        "SegmentTitle-C": "US Commodities",
        "SegmentTitle-P": "Crypto at Paxos",
        "SegmentTitle-S": "US Securities",
        "SettledCashByDate": f"{figures.date}:{money(standing.cash)}",
        "SettledCashByDate-C": f"{figures.date}:{money(swept) if swept else '0'}",
        "SettledCashByDate-P": f"{figures.date}:0",
        "SettledCashByDate-S": f"{figures.date}:{money(standing.cash - swept)}",
        "TradingType-S": "STKNOPT",
        "WhatIfPMEnabled": "true",
    }
    return [Row(key, value, "") for key, value in values.items()]


def _segmented(figures: Figures) -> dict[str, Decimal]:
    """Figures with a total and one row per segment."""
    standing = figures.standing
    funds = dict.fromkeys(("AvailableFunds", "FullAvailableFunds"), standing.available_funds)
    excess = dict.fromkeys(("ExcessLiquidity", "FullExcessLiquidity"), standing.excess_liquidity)
    needs = {
        **dict.fromkeys(("InitMarginReq", "FullInitMarginReq"), standing.initial_margin),
        **dict.fromkeys(("MaintMarginReq", "FullMaintMarginReq"), standing.maintenance_margin),
    }
    nothing = (
        *("AccruedCash", "AccruedDividend", "Billable", "Guarantee", "IncentiveCoupons"),
        *("IndianStockHaircut", "PASharesValue", "PhysicalCertificateValue"),
        *("PostExpirationExcess", "PostExpirationMargin", "TotalDebitCardPendingCharges"),
    )
    return {
        **dict.fromkeys(nothing, ZERO),
        **funds,
        **excess,
        **needs,
        "LookAheadAvailableFunds": standing.available_funds,
        "LookAheadExcessLiquidity": standing.excess_liquidity,
        "LookAheadInitMarginReq": standing.initial_margin,
        "LookAheadMaintMarginReq": standing.maintenance_margin,
        "EquityWithLoanValue": standing.equity_with_loan,
        "NetLiquidation": standing.net_liquidation,
        "TotalCashValue": standing.cash,
    }


def _securities(figures: Figures) -> dict[str, str]:
    """Figures with a total and the securities segment only."""
    standing = figures.standing
    return {
        "GrossPositionValue": money(standing.gross_value),
        "PreviousDayEquityWithLoanValue": money(figures.start_equity),
        "RegTEquity": money(standing.net_liquidation),
        "RegTMargin": money(standing.initial_margin),
        "SMA": money(max(ZERO, standing.net_liquidation - standing.initial_margin)),
    }


def _commodities(standing: Standing) -> dict[str, Decimal]:
    """What of the segmented figures is the commodities segment's.

    Synthetic: the nightly sweep between segments is taken to leave there what futures require at
    first, no more and no less.
    """
    initial, maintenance = standing.futures_initial, standing.futures_maintenance
    spare = initial - maintenance
    return {
        **dict.fromkeys(("InitMarginReq", "FullInitMarginReq", "LookAheadInitMarginReq"), initial),
        **dict.fromkeys(
            ("MaintMarginReq", "FullMaintMarginReq", "LookAheadMaintMarginReq"), maintenance
        ),
        **dict.fromkeys(
            ("ExcessLiquidity", "FullExcessLiquidity", "LookAheadExcessLiquidity"), spare
        ),
        **dict.fromkeys(("EquityWithLoanValue", "NetLiquidation"), initial),
        "TotalCashValue": initial - standing.futures_pnl,
    }


def _spread(key: str, value: Decimal, *, commodities: Decimal) -> list[Row]:
    shares = {"C": commodities, "P": ZERO, "S": value - commodities}
    parts = [Row(f"{key}-{segment}", money(shares[segment]), "") for segment in SEGMENTS]
    return [Row(key, money(value), ""), *parts]
