"""The symbol search. Source: gateway-behaviour.md 2.2. Imports the engine for types only."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.option_chains import Chain
from pytest_ibkr.sim.refusal import invalid
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.contract import Text
from pytest_ibkr.wire.messages.symbols import ReqMatchingSymbols, SymbolSample, SymbolSamples

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

MOST_ROWS: Final = 16
_DERIVATIVES: Final = ("CFD", "FUT")
_GAP_S: Final = 1.0  # one search a second


class SymbolDesk:
    """Answers reqMatchingSymbols. Searches of one client are a second apart, or go unanswered."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._last_s: dict[int, float] = {}  # by connection: when the last search was taken up

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {ReqMatchingSymbols: self.answer}

    def client_gone(self, client: Client) -> None:
        """Forget a connection."""
        self._last_s.pop(client.connection, None)

    def answer(self, client: Client, message: ReqMatchingSymbols) -> None:
        """Send what matches, nothing too if that is what matches; 321 for no pattern."""
        pattern = message.pattern.strip()
        if not pattern:
            raise invalid("Pattern must not be empty")
        if not pattern.isascii():
            raise invalid(f"Invalid pattern: '{pattern}'")
        engine = self._engine
        taken_s = engine.now_s
        last_s = self._last_s.get(client.connection)
        if last_s is not None and taken_s < last_s + _GAP_S:
            if engine.conditions.fast_symbol_searches == "dropped":
                engine.note(client, "a symbol search within a second of the last: not answered")
                return
            taken_s = last_s + _GAP_S
        self._last_s[client.connection] = taken_s

        def send() -> None:
            samples = matching(engine.world.book.chains.values(), pattern)
            client.send(SymbolSamples(request_id=message.request_id, samples=samples))

        delay_s = taken_s - engine.now_s + engine.conditions.latency.details_s
        engine.owe(client, delay_s, send)


def matching(chains: Collection[Chain], pattern: str) -> tuple[SymbolSample, ...]:
    """At most 16 rows: the symbol itself, symbols that begin so, then names with such a word."""
    wanted = pattern.upper()
    ranked = []
    for place, chain in enumerate(chains):
        rank = _rank(chain, wanted)
        if rank is not None:
            ranked.append((rank, place, chain))
    found = [chain for _, _, chain in sorted(ranked, key=lambda each: each[:2])]
    written = {(each.underlying.under_con_id, each.underlying.sec_type) for each in chains}
    return tuple(_sample(chain, written) for chain in found[:MOST_ROWS])


def _rank(chain: Chain, wanted: str) -> int | None:
    underlying = chain.underlying
    if underlying.sec_type in _DERIVATIVES:  # found by what it is written on
        return None
    if underlying.symbol.upper() == wanted:
        return 0
    if underlying.symbol.upper().startswith(wanted):
        return 1
    words = underlying.long_name.upper().split()
    named = underlying.long_name.upper().startswith(wanted)
    return 2 if named or any(word.startswith(wanted) for word in words) else None


def _sample(chain: Chain, written: set[tuple[int, str]]) -> SymbolSample:
    found = chain.underlying
    derivatives = [kind for kind in _DERIVATIVES if (found.con_id, kind) in written]
    if chain.has_options:
        derivatives.append("OPT")
    return SymbolSample(
        con_id=found.con_id,
        symbol=found.symbol,
        sec_type=found.sec_type,
        primary_exchange=found.listing,
        currency=found.currency,
        derivatives=tuple(Text(value=each) for each in derivatives),
        description=found.long_name,
    )
