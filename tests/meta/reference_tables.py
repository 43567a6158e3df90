"""Writes the tables that pages take over from the code, between their two comments.

``python -m tests.meta.reference_tables --write``; without ``--write`` it lists what is not
current. A page has ``<!-- table: NAME -->`` and ``<!-- end of table -->`` around each.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from pytest_ibkr.config_file import ConfigFile, TestContract
from pytest_ibkr.gateway import Gateway
from pytest_ibkr.sim.conditions import Conditions, Latency
from pytest_ibkr.sim.generic_ticks import GENERIC_TICKS
from pytest_ibkr.sim.weather.catalogue import WEATHERS
from tests.meta.margin_tables import option_requirements
from tests.sim.common_codes import COMMON

ROOT = Path(__file__).resolve().parents[2]
PLACE = re.compile(r"(<!-- table: (?P<name>[\w-]+) -->\n).*?(<!-- end of table -->)", re.S)

MEANING = {
    "entitlement": "market data rights of the account: `delayed` answers 10167 and delayed ticks"
    " where they were asked for, otherwise 10089; `none` 354; `not_enabled` 10168",
    "entitlements": "the same for single symbols; the others keep `entitlement`",
    "greeks": "option computations: with the quote, `greeks_delay_s` after it, or never",
    "greeks_delay_s": 'virtual seconds, with `greeks="late"`',
    "latency": "how long answers take; see below",
    "frozen": "symbol to the epoch second its quotes stand at; the fault `freeze` sets it",
    "read_only": "orders, cancels and queries of orders are refused by 321",
    "open_orders_first": "a returning client gets its open orders before 15 and 9; else after",
    "summary_slots_freed": "cancelling an account summary frees its place among two",
    "positions_known": "`False`: a list of positions comes when it is true 30 s later, else 2151",
    "summary_twice": "rows and end of an account summary come twice",
    "cross_client_cancel": "a client may cancel another's order; otherwise 10147",
    "modify_filled": "changing a filled order: nothing, or 104",
    "fast_symbol_searches": "a second symbol search within a second: unanswered, or a second later",
    "empty_tif_notice": "10349 before an order without time in force; the order lives",
    "execution_times": (
        "of executions from version 174 on: `20260710 10:00:00 US/Eastern` or `20260710-14:00:00`"
    ),
    "combo_commission": "the report of a combination's own execution: 0, as its legs have theirs,"
    " or their sum once more",
    "refuse_etrade_only": "10268 for clients with old order defaults",
    "etrade_only_notice": "2168 and 2169 for them; the order works",
    "master_client_id": "is told of orders and executions of every client",
    "direct_routing_precaution": "10311 for an order to any exchange but SMART",
    "price_precaution_percent": "a limit further beyond the market: 109",
    "cross_side_warning": "2137 before an order that turns a position around",
    "no_trading_permission": "symbols whose orders are refused by 460",
    "not_allowed": "symbols whose orders go Inactive with 203",
    "price_band": "a stock's limit 3 % beyond the market: cancelled, or capped with 2161",
    "adaptive_algo": "Adaptive orders: 442, or worked as the order without the algorithm",
    "exercise": "exercise requests: 322, or carried out",
    "verification": "a program that asks to be verified: 321, or 66 and 70 without success",
    "late_pnl": "the first row of a P&L stream has no figures (DBL_MAX); the next one has",
    "calendar_events": "Wall Street Horizon: 10276, or the events a test wrote",
    "news_feed": "whether the account has news: without it 10276 for every request of news",
    "max_messages_per_s": "above it 100; a warning (code 0) comes before. For connections to come",
    "max_snapshots_per_s": "snapshots of market data a client may ask for; above it 321",
    "output_limit_kb": "output waiting for a client, kB, above which the journal says so:"
    " `Output exceeded limit`",
    "rate_strikes": "how many 100s until the socket closes",
    "max_clients": "connections served; see `one_too_many`",
    "no_depth": "exchanges whose depth the account may not see: a SMART book is without them, and"
    " 2152 lists them; on the exchange itself 354",
    "tick_by_tick_pacing": "a second tick-by-tick request on a contract within 15 s: 10190",
    "either_form": "reads requests as text or as a body whatever the version says, instead of 320",
    "smart_components": "`late`: an error without a code (2147483647) instead of message 82",
    "shortable_shares": "symbol to shares that can be borrowed: generic tick 236 answers with 46"
    " and 89, and with nothing for the others; a short sale of more waits with 404",
    "crypto_segment": "account values have a crypto segment (`-P`); a captured live account has"
    " none",
    "error_class": "the class name that texts of 321 and 322 quote; another one in every build",
    "unknown_message": "a message nobody knows: 320, the socket closes, or nothing",
    "after_unreadable": "the connection after 320: it stays, or the gateway closes it",
    "oversized_frame": "a length that no frame may have: the socket closes, or stays open and is"
    " never answered again",
    "one_too_many": "the connection above `max_clients`: closed without a byte, or never answered",
    "data_type_first": "58 before 81 for snapshots only, for every request for market data, or"
    " for none",
    "cancel_filled": "cancelling a filled order: 10148, or 161",
    "invalid_data_type": "`reqMarketDataType` with a type there is not: nothing, or 321",
    "snapshot_end_s": "virtual seconds after which a snapshot ends though something is missing",
    "read_only_ids": "with `read_only`, orders and cancels are refused under their own id, or all"
    " under -1",
    "zone_name": "of the handshake's time: `EDT`, `Eastern Daylight Time`, or Chinese in bytes that"
    " are not UTF-8",
    "spare_4096_bursts": "hold back the end of bursts that official clients lose; `False` to test"
    " your own receive loop",
}
LATENCIES = {
    "details_s": "contract details",
    "parameters_s": "option parameters",
    "history_s": "historical data",
    "summary_s": "account summary",
    "positions_s": "positions",
    "account_s": "account updates",
    "tick_s": "first ticks",
    "query_s": "order and execution queries",
    "ack_s": "first status of an order",
    "fill_s": "from there to the fill of a marketable one",
    "commission_s": "from the fill to its commission",
    "cancel_s": "confirmation of a cancel",
}
FACTORY = {
    "snapshot": "a `Snapshot`; the market of this gateway",
    "account": "`DU0000001` to `DU0000999`",
    "server_version": "the highest it offers",
    "port": "0 is any free one; live ports are refused",
    "seed": "of what is random beside the market",
    "start_at": "an aware `datetime`, the first moment",
    "client_id": "what the session's `client_id` says",
    "speed": "virtual seconds per real second, 0.01 to 1000",
}
FACTORY_DEFAULTS = {
    "snapshot": "the test's `ibkr_snapshot`",
    "server_version": "the test's `ibkr_server_version`",
    "seed": "the snapshot's",
    "start_at": "what the test's markers say",
    "client_id": "one of its own",
}


def conditions() -> Iterator[str]:
    """Every condition: type and default from the dataclass."""
    yield from ("| Condition | Values | Default | Meaning |", "|---|---|---|---|")
    yield from _fields(Conditions, MEANING)


def latencies() -> Iterator[str]:
    """Every latency."""
    yield from ("| Field | Values | Default | Answer |", "|---|---|---|---|")
    yield from _fields(Latency, LATENCIES)


def factory() -> Iterator[str]:
    """Arguments of ``ibkr_gateway_factory``."""
    made = inspect.signature(Gateway.__init__).parameters
    yield from ("| Argument | Default | Meaning |", "|---|---|---|")
    for name, meaning in FACTORY.items():
        default = FACTORY_DEFAULTS.get(name) or f"`{_literal(made[name].default)}`"
        yield f"| `{name}` | {default} | {meaning} |"


def codes() -> Iterator[str]:
    """The codes a program meets most, as the simulator is made to say them."""
    yield from ("| Code | Text | Provoked by |", "|--:|---|---|")
    for case in COMMON:
        text = case.text.replace("\n", "\\n").replace("|", "\\|")
        yield f"| {case.code} | `{text}` | {case.how} |"


def generic_ticks() -> Iterator[str]:
    """Every generic tick id: the ticks of a real gateway, and what they are answered from."""
    yield from ("| Id | Ticks | Answered from |", "|--:|---|---|")
    for number, (ticks, source) in GENERIC_TICKS.items():
        yield f"| {number} | {ticks} | {source} |"


def configuration() -> Iterator[str]:
    """Every key of the configuration file."""
    yield from ("| Key | Accepts | Default |", "|---|---|---|")
    yield from _keys(ConfigFile, "")
    yield from _keys(TestContract, "test_contracts.NAME.")


def weather() -> Iterator[str]:
    """Every weather: its parameters, what it does, what meets it."""
    yield from ("| Weather | What happens | What meets it |", "|---|---|---|")
    for name, kind in WEATHERS.items():
        given = [
            f"{each.name}={_literal(each.default)}"
            for each in kind.parameters()
            if each.name != "seed"
        ]
        yield f"| `{name}({', '.join(given)})` | {kind.HAPPENS} | {kind.MET_BY} |"


TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "conditions": conditions,
    "latencies": latencies,
    "factory": factory,
    "configuration": configuration,
    "codes": codes,
    "generic-ticks": generic_ticks,
    "weather": weather,
    "margin": option_requirements,
}


def _fields(cls: type, meaning: dict[str, str]) -> Iterator[str]:
    hints, standard = get_type_hints(cls), cls()
    for field in dataclasses.fields(cls):
        value = getattr(standard, field.name)
        default = "" if dataclasses.is_dataclass(value) else f"`{_literal(value)}`"
        values, what = _words(hints[field.name]), meaning[field.name]
        yield f"| `{field.name}` | {values} | {default} | {what} |"


def _words(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return ", ".join(f"`{_literal(value)}`" for value in get_args(hint))
    if get_origin(hint) is not None:
        inner = [_words(each).replace("`", "") for each in get_args(hint)]
        return f"{get_origin(hint).__name__} of {' to '.join(inner)}"
    return f"`{hint.__name__}`"


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _keys(model: type[BaseModel], prefix: str) -> Iterator[str]:
    schema = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from _keys(section, f"{prefix}{name}.")
        elif name != "test_contracts":
            default = "required" if field.is_required() else _shown(field.get_default())
            yield f"| `{prefix}{name}` | {_accepts(schema[name])} | {default} |"


def _shown(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{list(value) if isinstance(value, tuple) else value}`"


def _accepts(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_accepts(each) for each in schema["anyOf"] if each["type"] != "null")
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    bounds = {
        "exclusiveMinimum": "above",
        "minimum": "from",
        "maximum": "to",
    }
    said = [f"{word} {schema[key]:g}" for key, word in bounds.items() if key in schema]
    pattern = {"time": "`HH:MM`", "day": "`YYYYMMDD`"}
    if "pattern" in schema:
        return pattern["time" if ":" in schema["pattern"] else "day"]
    kind = {"boolean": "yes or no", "string": "text", "array": "a list", "object": "a section"}
    number = {"integer": "a whole number", "number": "a number"}
    return " ".join([{**kind, **number}[schema["type"]], *said])


def current(text: str) -> str:
    """A page with its tables as they should be."""

    def table(found: re.Match[str]) -> str:
        return f"{found[1]}{chr(10).join(TABLES[found['name']]())}\n{found[3]}"

    return PLACE.sub(table, text)


def pages() -> dict[Path, set[str]]:
    """Pages with tables, and the names of those."""
    found = {}
    for path in sorted((ROOT / "docs").rglob("*.md")):
        if names := {one["name"] for one in PLACE.finditer(path.read_text("utf-8"))}:
            found[path] = names
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Write the tables, or say which pages are behind; 1 when there are."""
    parser = argparse.ArgumentParser(prog="python -m tests.meta.reference_tables")
    parser.add_argument("--write", action="store_true", help="rewrite the pages")
    write, behind = parser.parse_args(argv).write, 0
    for path in pages():
        text = path.read_text("utf-8")
        if (wanted := current(text)) == text:
            continue
        if write:
            path.write_text(wanted, "utf-8")
        else:
            behind = 1
            sys.stdout.write(f"{path.relative_to(ROOT)} is not current\n")
    return behind


if __name__ == "__main__":
    sys.exit(main())
