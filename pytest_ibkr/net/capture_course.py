"""How one symbol is captured: who it is, its quote and bars, then the chain around the price.

Everything that does not need an earlier answer is asked at once. Source: requirements.md A.5.
Decides nothing about what a snapshot holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from pytest_ibkr import market_hours
from pytest_ibkr.capture import chain, plan
from pytest_ibkr.capture.errors import Meaning
from pytest_ibkr.capture.symbol_parts import SymbolAnswers
from pytest_ibkr.capture.ticks import TickBoard, current_price
from pytest_ibkr.net.questions import Answer, Heard, Questions
from pytest_ibkr.snapshot.model import EXCHANGE_ZONE
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.contract import (
    Contract,
    ContractData,
    ContractDataEnd,
    OptionParameter,
    OptionParameterEnd,
)
from pytest_ibkr.wire.messages.history import (
    CancelHistoricalData,
    HistoricalData,
    HistoricalDataEnd,
)
from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    ReqMarketDataType,
    TickSnapshotEnd,
)
from pytest_ibkr.wire.versions import HISTORY_END

DELAYED: Final = 3
_ROUNDS: Final = 4  # of looking for strikes that an expiry has
_GO_ON: Final = frozenset({"complete", "deadline"})


class QuoteDesk:
    """Snapshot quotes; falls back to delayed data, for good, where live data is not paid for.

    Attributes:
        data_type: the type asked for at present.
    """

    def __init__(self, questions: Questions, *, data_type: int) -> None:
        self._questions, self.data_type = questions, data_type
        self._switch = asyncio.Lock()

    async def quote(self, contract: Contract, heard: Heard) -> Answer:
        """One snapshot; it ends by itself, by an error, or at its deadline."""
        asked_type = self.data_type
        answer = await self._ask(contract, heard)
        if answer.meaning is not Meaning.NOT_ENTITLED or asked_type >= DELAYED:
            return answer
        async with self._switch:
            if self.data_type < DELAYED:
                self.data_type = DELAYED
                await self._questions.send(ReqMarketDataType(data_type=DELAYED))
        return await self._ask(contract, heard)

    async def _ask(self, contract: Contract, heard: Heard) -> Answer:
        return await self._questions.ask(
            lambda number: plan.quote(number, contract),
            ends=TickSnapshotEnd,
            deadline_s=plan.SNAPSHOT_DEADLINE_S,
            heard=heard,
            cancel=lambda number: CancelMarketData(request_id=number),
        )


class SymbolCourse:
    """Captures one symbol into ``answers``.

    Args:
        questions: how to ask.
        quotes: how to ask for quotes.
        answers: where everything goes.
        version: of the session.
        now: the gateway's clock.
    """

    def __init__(
        self,
        questions: Questions,
        quotes: QuoteDesk,
        answers: SymbolAnswers,
        *,
        version: int,
        now: Callable[[], datetime],
    ) -> None:
        self._questions, self._quotes, self.answers = questions, quotes, answers
        self._bars_end = HistoricalDataEnd if version >= HISTORY_END else HistoricalData
        self._now = now
        self._priced = asyncio.Event()  # a last price, or nothing more will come

    async def run(self) -> None:
        """Ask everything; what goes wrong is noted, never raised."""
        answers = self.answers
        await self._identify()
        if answers.details is not None:
            own = _routed(answers.details, answers.underlying.exchange)
            bars = [self._history(own, each) for each in answers.underlying.bars]
            await asyncio.gather(self._quote(own), *bars, self._chain(own))
        if self._questions.lost is not None:
            lost = f"{answers.symbol}: the connection was lost before everything had come"
            answers.lacking.append(lost)
        answers.done = True

    async def _identify(self) -> None:
        asked = self.answers.underlying
        answer = await self._details(asked.contract())
        if (found := _first(answer)) is None:
            self._fail("not found", answer)
        else:
            self.answers.details = found

    async def _quote(self, contract: Contract) -> None:
        board = self.answers.board

        def heard(message: Message) -> None:
            board.take(message)
            if board.price("last") is not None:
                self._priced.set()

        answer = await self._quotes.quote(contract, heard)
        self._priced.set()
        if answer.outcome not in _GO_ON:
            self._fail("no quote", answer)
        elif answer.outcome == "deadline":
            self.answers.remarks.append(f"{self.answers.symbol}: {answer.reason}")
        price, source = current_price(board)
        if price is None and answer.outcome in _GO_ON:
            self.answers.lacking.append(f"{self.answers.symbol}: no price came; none is made up")
        elif source in ("mid", "close"):
            text = f"{self.answers.symbol}: no last trade came, the price is the {source}"
            self.answers.remarks.append(text)

    async def _history(self, contract: Contract, bars: plan.Bars) -> None:
        answer = await self._questions.ask(
            lambda number: plan.history(number, contract, bars),
            ends=self._bars_end,
            deadline_s=plan.BARS_DEADLINE_S,
            cancel=lambda number: CancelHistoricalData(request_id=number),
        )
        rows = [each for each in answer.messages if isinstance(each, HistoricalData)]
        if rows:
            self.answers.bars[bars.size] = rows[0].bars
        if answer.outcome != "complete" or not rows:
            self._fail(f"bars of {bars.size}", answer)

    # -- the chain -----------------------------------------------------------------------

    async def _chain(self, contract: Contract) -> None:
        if not self.answers.underlying.has_chain:
            return
        answer = await self._questions.ask(
            lambda number: plan.parameters(
                number, contract.symbol, sec_type=contract.sec_type, con_id=contract.con_id
            ),
            ends=OptionParameterEnd,
            deadline_s=plan.ANSWER_DEADLINE_S,
        )
        if answer.outcome != "complete":
            self._fail("option parameters", answer)
            return
        await self._priced.wait()
        listed, price = self._listed(answer)
        if listed is None or price is None:
            return
        now = self._now().astimezone(EXCHANGE_ZONE)
        today = market_hours.sessions_on(now.date())
        earliest = chain.earliest_expiry(now, today[0].closes if today else None)
        expiries = chain.pick_expiries(listed.expiries, today=now.date(), earliest=earliest)
        await asyncio.gather(*(self._series(each, listed.strikes, price) for each in expiries))

    def _listed(self, answer: Answer) -> tuple[chain.Listed | None, float | None]:
        symbol = self.answers.symbol
        rows = [each for each in answer.messages if isinstance(each, OptionParameter)]
        listed = chain.listed(rows, symbol=symbol)
        price, _source = current_price(self.answers.board)
        if listed is None:
            self.answers.lacking.append(f"{symbol}: no SMART entry of the class {symbol}")
        elif price is None:
            self.answers.lacking.append(f"{symbol}: no chain without a price")
        return listed, price

    async def _series(self, expiry: str, strikes: Sequence[float], price: float) -> None:
        """The options of one expiry; strikes that it does not have are replaced, outwards."""
        wanted = chain.pick_strikes(strikes, price)
        others = [each for each in chain.outward(strikes, price) if each not in wanted]
        for _round in range(_ROUNDS):
            contracts = plan.option_contracts(
                self.answers.symbol, expiries=[expiry], strikes=wanted
            )
            found = await asyncio.gather(*map(self._option, contracts))
            there = {each.strike for each, known in zip(contracts, found, strict=True) if known}
            missing = len(wanted) - len(there)
            wanted, others = tuple(others[:missing]), others[missing:]
            if not wanted or self._questions.lost is not None:
                return

    async def _option(self, contract: Contract) -> bool:
        """Capture one option; False: there is none."""
        name = f"{contract.symbol} {contract.expiry} {contract.strike:g} {contract.right}"
        answer = await self._details(contract)
        if (found := _first(answer)) is None:
            self._leave_out(name, answer)
            return answer.meaning is not Meaning.UNKNOWN_CONTRACT
        board = TickBoard()
        self.answers.options.append((found, board))
        answer = await self._quotes.quote(_routed(found, contract.exchange), board.take)
        if answer.outcome not in _GO_ON:
            self._leave_out(name, answer)
        elif not board.ticked:
            self.answers.remarks.append(f"{name}: nothing ticked, left out")
        return True

    async def _details(self, contract: Contract) -> Answer:
        return await self._questions.ask(
            lambda number: plan.details(number, contract),
            ends=ContractDataEnd,
            deadline_s=plan.ANSWER_DEADLINE_S,
        )

    def _leave_out(self, name: str, answer: Answer) -> None:
        """An option that does not exist or does not answer: a warning, the run goes on."""
        if answer.outcome != "lost":
            self.answers.remarks.append(f"{name}: {_why(answer)}, left out")

    def _fail(self, what: str, answer: Answer) -> None:
        if answer.outcome != "lost":  # said once, at the end
            self.answers.lacking.append(f"{self.answers.symbol}: {what}: {_why(answer)}")


def _why(answer: Answer) -> str:
    if answer.code is not None:
        return f"error {answer.code}: {answer.reason}"
    return answer.reason or "nothing came"


def _first(answer: Answer) -> ContractData | None:
    rows = (each for each in answer.messages if isinstance(each, ContractData))
    return next(rows, None) if answer.outcome == "complete" else None


def _routed(details: ContractData, exchange: str) -> Contract:
    """The contract that was found, by its id, on the exchange that was asked for."""
    found = Contract(
        con_id=details.con_id,
        symbol=details.symbol,
        sec_type=details.sec_type,
        exchange=exchange,
        currency=details.currency,
        local_symbol=details.local_symbol,
        trading_class=details.trading_class,
    )
    if details.sec_type != "OPT":
        return replace(found, primary_exchange=details.primary_exchange)
    return replace(
        found,
        expiry=(details.last_trade_date or details.expiry)[:8],
        strike=details.strike,
        right=details.right,
        multiplier=details.multiplier,
    )
