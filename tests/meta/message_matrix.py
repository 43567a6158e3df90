"""Writes docs/reference/messages.md: what of the TWS API the simulated gateway answers, and how.

``python -m tests.meta.message_matrix --write``. Names, ids and version gates are read from the
wire declarations, answers are observed: each request is put to an engine on the committed
snapshot. Why and with which codes a request is refused is said here, and the test beside this
module compares the codes with the engine's source.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path

from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.order_attributes import REFUSED
from pytest_ibkr.wire.declare import (
    BODY_REQUESTS,
    BODY_RESPONSES,
    NEVER,
    REQUESTS,
    RESPONSES,
    Message,
    specs,
)
from pytest_ibkr.wire.messages import session
from pytest_ibkr.wire.names import NOT_SIMULATED, REQUEST_NAMES
from pytest_ibkr.wire.versions import NEWEST, OLDEST
from tests.meta.matrix import NOT_SEEN, ROWS, examples, prepare
from tests.meta.matrix.core import market_order
from tests.meta.matrix.row import CONTRACT
from tests.sim.added_bench import added_peer
from tests.sim.data_bench import TEN, Peer, normal_world

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "messages.md"
SIM = ROOT / "pytest_ibkr" / "sim"
ORDER_MODULES = (
    *("order_rules", "order_flow", "orders", "buying_power", "order_attributes", "order_algos"),
    *("order_acceptance", "order_conditions", "order_features", "order_hours", "order_holds"),
    *("order_precautions",),
)
WAIT_S = 31.0  # virtual; snapshots that lack something end after 11, scans come again after 30

# Beside those of a request: the engine's own, for any frame.
ANY_REQUEST = (0, 100, 320)


@cache
def answered() -> dict[str, tuple[Message, ...]]:
    """What came for the examples of each request."""
    found: dict[str, tuple[Message, ...]] = {"startApi": tuple(_at_start())}
    for name, messages in examples().items():
        asker = added_peer("ES", "SPX", "EUR.USD", "US-T", "SPY.CFD")
        prepare(asker.engine)
        # A resting and a filled order, so that queries and cancels have something to find.
        limit = market_order(1, order_type="LMT", limit_price=Decimal(700))
        for message in (limit, market_order(2)):
            asker.send(message, wait_s=5.0)
        sent = [one for message in messages for one in asker.send(message, wait_s=WAIT_S)]
        found[name] = tuple(sent)
    return found


def observed() -> dict[str, frozenset[int]]:
    """Ids of the messages that answered each request; message 4 is told by its codes."""
    return {name: _ids(messages) for name, messages in answered().items()}


def codes(name: str) -> set[int]:
    """Codes of message 4 that the examples of a request met."""
    found = answered()[name]
    return {one.code for one in found if isinstance(one, session.ErrorNotice)}


def _at_start() -> list[Message]:
    engine = Engine(normal_world(), start_s=TEN)
    client = engine.open(NEWEST)
    assert client is not None
    return Peer(engine, client).send(session.StartApi(client_id=1))


def _ids(messages: Iterable[Message]) -> frozenset[int]:
    return frozenset(one.MSG_ID for one in messages) - {session.ErrorNotice.MSG_ID}


# ---------------------------------------------------------------- codes in the engine's source


def codes_in(*modules: str) -> set[int]:
    """Error codes that modules of the engine name where they refuse or warn."""
    return {code for name in modules for code in _codes((SIM / f"{name}.py").read_text("utf-8"))}


def _codes(source: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        position = {"Refusal": 0, "error": 1}.get(called)
        if called in ("invalid", "failed") and isinstance(node.func, ast.Name):
            yield {"invalid": 321, "failed": 322}[called]
        elif position is not None and len(node.args) > position:
            value = node.args[position]
            if isinstance(value, ast.Constant) and isinstance(value.value, int):
                yield value.value


def order_codes() -> tuple[int, ...]:
    """Codes ``placeOrder`` may be refused with."""
    attributes = {code for code, _text in REFUSED.values()}
    codes = {*CONTRACT, *codes_in(*ORDER_MODULES), *attributes}
    return tuple(sorted(codes - set(ROWS["placeOrder"].notices)))


# ---------------------------------------------------------------- the page


def gates(cls: type) -> list[str]:
    """ "field from 166" for every field that not all versions have, embedded records included."""
    found = []
    for name, spec in specs(cls):
        if spec.since > OLDEST:
            found.append(f"`{name}` from {spec.since}")
        if spec.until != NEVER:
            found.append(f"`{name}` until {spec.until - 1}")
        for inner in (spec.row, spec.embedded):
            if inner is not None:
                found += [f"{text} (in `{name}`)" for text in gates(inner)]
    return found


def summary_of(cls: type) -> str:
    """The first sentences of a declaration's docstring, without its id."""
    first = (cls.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    return re.sub(r"\s+", " ", re.sub(r"^(?:IN|OUT) \d+[^.]*\.\s*", "", first)).replace("``", "`")


def render() -> str:
    """The whole page."""
    return "\n".join([*_head(), *_request_rows(), *_response_rows(), *_absent_rows()]) + "\n"


def _head() -> list[str]:
    return [
        "# Messages",
        "",
        "Generated by `python -m tests.meta.message_matrix --write` from the declarations in",
        "`pytest_ibkr/wire/messages/` and from what the engine answered; do not edit.",
        f"Server versions {OLDEST} to {NEWEST}, text and protobuf. The classes are in",
        "`pytest_ibkr.messages`; see [session.md](session.md#journal).",
        "",
        "A frame must fit its version exactly. One that does not is answered by 320 with id −1, as",
        "is a defect met while serving; more than `max_messages_per_s` messages a second by a",
        "warning (code 0), then 100 and a closed socket. A frame before `startApi` closes the",
        "socket.",
        "",
    ]


def _request_rows() -> list[str]:
    names = {cls: name for name, cls in REQUEST_NAMES.items()}
    lines = [
        "## Requests",
        "",
        "Codes are those of message 4. Those in brackets are notices: the request goes on.",
        "With the condition `read_only`, queries of orders are refused by 321 with id −1, orders",
        "and cancels by 321 with theirs.",
        "",
        "Evidence: sections of [gateway behaviour](./gateway-behaviour.md) and what they rest on.",
        "",
        "| Id | Name | Class | Answered from | Answers | Refused with | Evidence |",
        "|--:|---|---|---|---|---|---|",
    ]
    for msg_id, cls in sorted({**REQUESTS, **BODY_REQUESTS}.items()):
        name = names[cls]
        row = ROWS[name]
        answers = ", ".join(map(str, sorted(observed()[name]))) or "–"
        refused = order_codes() if name == "placeOrder" else sorted(row.refused)
        refusals = ", ".join(map(str, refused)) or "–"
        notices = f" ({', '.join(map(str, row.notices))})" if row.notices else ""
        lines.append(
            f"| {msg_id} | `{name}` | `{cls.__name__}` | {row.source} | {answers}"
            f" | {refusals}{notices} | {row.evidence} |"
        )
    gated = [(cls, gates(cls)) for _id, cls in sorted({**REQUESTS, **BODY_REQUESTS}.items())]
    lines += ["", "Fields that depend on the version:", ""]
    lines += [f"- `{cls.__name__}`: {', '.join(texts)}" for cls, texts in gated if texts]
    return [*lines, ""]


def _response_rows() -> list[str]:
    lines = [
        "## Responses",
        "",
        "| Id | Class | What | Fields that depend on the version |",
        "|--:|---|---|---|",
    ]
    for msg_id, cls in sorted({**RESPONSES, **BODY_RESPONSES}.items()):
        texts = ", ".join(gates(cls)) or "–"
        lines.append(f"| {msg_id} | `{cls.__name__}` | {summary_of(cls) or '–'} | {texts} |")
    lines += ["", "Those that the examples of this page do not bring about, and what it takes:", ""]
    lines += [f"- {msg_id}: {needs}" for msg_id, needs in sorted(NOT_SEEN.items())]
    return [*lines, ""]


def _absent_rows() -> list[str]:
    return [
        "## Not simulated",
        "",
        "These requests are answered by message 4 with id −1 and code 320, like bytes the gateway",
        "cannot read, and by nothing else: a client that waits for the answer under its request's",
        "id waits for its own time-out. The journal has the frame as sent, and a note that names",
        "it as not simulated.",
        "",
        "| Id | Name |",
        "|--:|---|",
        *(f"| {msg_id} | `{name}` |" for msg_id, name in sorted(NOT_SIMULATED.items())),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Print or write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.meta.message_matrix")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    if parser.parse_args(argv).write:
        PAGE.write_text(render(), "utf-8")
    else:
        sys.stdout.write(render())
    return 0


if __name__ == "__main__":
    sys.exit(main())
