"""The reading half of the gateway: account, contracts, market data, history."""

from __future__ import annotations

from datetime import datetime

from bot.broker.account import AccountService
from bot.broker.contracts import ContractService
from bot.broker.history import HistoryService
from bot.broker.market_data import MarketDataService
from bot.broker.session import Session
from bot.broker.stream import MarketDataStream
from bot.broker.streams import StreamService
from bot.domain.account import AccountBalance, AccountInfo, Position
from bot.domain.contracts import Contract, ContractDetails, OptionParameters, PriceIncrement
from bot.domain.quotes import Bar, Quote


class ReadingSurface:
    """Questions to the gateway; each blocks until its complete answer, an error or its
    deadline (``timeout_s``, by default the gateway object's)."""

    timeout_s: float

    def __init__(self, session: Session, *, max_streams: int) -> None:
        self._session = session
        self._account = AccountService(session)
        self._contracts = ContractService(session)
        self._market_data = MarketDataService(session)
        self._streams = StreamService(session, max_streams=max_streams)
        self._history = HistoryService(session)

    def server_time(self, *, timeout_s: float | None = None) -> datetime:
        """The gateway's clock (whole seconds), aware UTC: one round trip."""
        return self._account.server_time(self._limit(timeout_s))

    # ------------------------------------------------------------ account

    @property
    def accounts(self) -> tuple[str, ...]:
        """The ids the gateway serves; all of them paper."""
        return self._session.accounts

    def get_account_info(self, *, timeout_s: float | None = None) -> AccountInfo:
        """Id, legal form, and what the session negotiated."""
        return self._account.info(self._limit(timeout_s))

    def get_account_type(self, *, timeout_s: float | None = None) -> str:
        """The legal form (INDIVIDUAL, IRA …): the same word for paper and live accounts."""
        return self.get_account_info(timeout_s=timeout_s).account_type

    def get_account_balance(
        self, *, account: str = "", timeout_s: float | None = None
    ) -> AccountBalance:
        """Balances of ``account`` (default: the first) from a completed summary."""
        return self._account.balance(self._limit(timeout_s), account=account)

    def get_positions(self, *, timeout_s: float | None = None) -> list[Position]:
        """All positions. An empty list means the gateway said "none", never "no answer"."""
        return self._account.positions(self._limit(timeout_s))

    # ------------------------------------------------------------ contracts

    def qualify_contract(self, contract: Contract, *, timeout_s: float | None = None) -> Contract:
        """The one contract that matches, complete with ``con_id``.

        Raises:
            ContractNotFoundError: none matches (remembered for the day).
            AmbiguousContractError: several match; the message names some.
        """
        return self._contracts.qualify(contract, self._limit(timeout_s))

    def contract_details(
        self, contract: Contract, *, timeout_s: float | None = None
    ) -> list[ContractDetails]:
        """Every listed contract that matches, in no particular order."""
        return list(self._contracts.details(contract, self._limit(timeout_s)))

    def get_option_parameters(
        self, underlying: Contract, *, timeout_s: float | None = None
    ) -> list[OptionParameters]:
        """Expirations and strikes per exchange and trading class."""
        return list(self._contracts.option_parameters(underlying, self._limit(timeout_s)))

    def option_chain(
        self,
        underlying: Contract,
        *,
        exchange: str = "SMART",
        trading_class: str = "",
        timeout_s: float | None = None,
    ) -> OptionParameters:
        """The parameters of one exchange and class (default: the class named as the symbol)."""
        wanted = trading_class or underlying.symbol
        return self._contracts.option_chain(
            underlying, self._limit(timeout_s), exchange=exchange, trading_class=wanted
        )

    def market_rule(
        self, rule_id: int, *, timeout_s: float | None = None
    ) -> tuple[PriceIncrement, ...]:
        """The price grid of a rule named in contract details."""
        return self._contracts.market_rule(rule_id, self._limit(timeout_s))

    # ------------------------------------------------------------ market data

    def set_market_data_type(self, market_data_type: int) -> None:
        """1 live, 2 frozen, 3 delayed, 4 delayed-frozen; for requests made from now on."""
        self._market_data.set_type(market_data_type)

    def get_market_data(
        self, contract: Contract, *, snapshot: bool = True, timeout_s: float = 12.0
    ) -> Quote:
        """One quote. A snapshot ends by itself within 11 s and holds no data line.

        ``snapshot=False`` runs a bounded stream until the first two-sided quote instead
        (where snapshots are refused), and cancels it.

        Raises:
            MarketDataError: no right to the data. ContractNotFoundError, RateLimitError,
            RequestTimeoutError.
        """
        if snapshot:
            return self._market_data.snapshot(contract, timeout_s)
        return self._streams.first_quote(contract, timeout_s)

    def subscribe_market_data(self, contract: Contract) -> MarketDataStream:
        """Start a stream, or return the one that runs for this contract."""
        return self._streams.subscribe(contract)

    def get_latest_quote(self, contract: Contract) -> Quote | None:
        """The stream's newest quote; None before the first tick.

        Raises:
            MarketDataError: no stream runs for this contract, or the gateway ended it.
        """
        return self._streams.running(contract).latest()

    def unsubscribe_market_data(self, target: Contract | MarketDataStream) -> None:
        """Cancel a stream and prove it: a round trip flushes what was under way."""
        stream = self._streams.unsubscribe(target)
        if stream is not None and self._session.is_ready:
            self._account.server_time(self.timeout_s)
            stream.seal()

    @property
    def streams(self) -> tuple[MarketDataStream, ...]:
        """The streams that run now."""
        return self._streams.active()

    # ------------------------------------------------------------ history

    def get_historical_data(
        self,
        contract: Contract,
        duration: str,
        bar_size: str,
        what_to_show: str = "TRADES",
        *,
        timeout_s: float = 30.0,
        use_rth: bool = True,
        end: datetime | None = None,
    ) -> list[Bar]:
        """Bars in strictly increasing order up to ``end`` (default: now).

        ``duration`` such as ``"1 D"`` or ``"3600 S"`` (see ``durations``), ``bar_size`` such
        as ``"5 mins"``. On time-out the request is cancelled and late bars are discarded.

        Raises:
            ValueError: a duration or bar size the gateway would refuse.
            NoDataError: the query found nothing. RateLimitError: pacing violation.
            RequestTimeoutError: no complete answer in time; the connection is unharmed.
        """
        return self._history.bars(
            contract,
            duration,
            bar_size,
            what_to_show=what_to_show,
            timeout_s=timeout_s,
            use_rth=use_rth,
            end=end,
        )

    def _limit(self, timeout_s: float | None) -> float:
        return self.timeout_s if timeout_s is None else timeout_s
