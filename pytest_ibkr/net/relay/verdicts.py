"""What happened in the running test, collected for its verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from pytest_ibkr.guard.decision import Refuse
from pytest_ibkr.net.relay.spec import EndFacts, Paced, Refusal, TestVerdict
from pytest_ibkr.snapshot.redact import mask_accounts

if TYPE_CHECKING:
    from pytest_ibkr.net.relay.client_side import ClientSide

_MOST: Final = 200  # of each kind: a program in a loop must not fill the memory


class Verdicts:
    """Collects for one test after the other; what happens between two goes to the next one."""

    def __init__(self) -> None:
        self.name = ""
        self.refused = 0  # in the whole run
        self.orders = 0
        self._refusals: list[Refusal] = []
        self._paced: list[Paced] = []
        self._dropped: list[str] = []

    def begin(self, name: str) -> None:
        """Another test runs from now on."""
        self.name, self.orders = name, 0

    def add(self, client: ClientSide | None, refuse: Refuse, *, request: str, at_s: float) -> None:
        """A request was refused."""
        self.refused += 1
        if len(self._refusals) < _MOST:
            self._refusals.append(
                Refusal(
                    rule=refuse.rule,
                    reason=mask_accounts(refuse.reason),
                    fix=mask_accounts(refuse.fix),
                    request=request,
                    request_id=refuse.request_id,
                    connection=0 if client is None else client.number,
                    at_s=at_s,
                )
            )

    def dropped(self, client: ClientSide, why: str) -> None:
        """The relay ended a connection by itself."""
        if len(self._dropped) < _MOST:
            self._dropped.append(f"connection {client.number} was dropped: {why}")

    def measured(self, client: ClientSide) -> None:
        """Take what a client's meter has to say; it starts afresh."""
        if client.upward.meter.delayed and len(self._paced) < _MOST:
            self._paced.append(_paced(client))
        client.upward.meter.begin()

    def so_far(
        self,
        clients: Iterable[ClientSide],
        *,
        bypassed: Iterable[str] = (),
        ended: EndFacts | None = None,
    ) -> TestVerdict:
        """Return what is known while the test goes on; nothing is forgotten."""
        meters = [(client, client.upward.meter) for client in clients]
        # Who went over is known at once; that its requests were delayed, once they went.
        over = [_paced(client) for client, meter in meters if meter.delayed or meter.over]
        return TestVerdict(
            name=self.name,
            refusals=tuple(self._refusals),
            paced=(*self._paced, *over),
            dropped=tuple(self._dropped),
            bypassed=tuple(bypassed),
            orders=self.orders,
            ended=ended,
        )

    def end(
        self,
        clients: Iterable[ClientSide],
        *,
        faults: dict[str, int],
        left_working: Iterable[str] = (),
        bypassed: Iterable[str] = (),
        ended: EndFacts | None = None,
    ) -> TestVerdict:
        """Return the verdict and forget what it says."""
        for client in clients:
            self.measured(client)
        verdict = TestVerdict(
            name=self.name,
            refusals=tuple(self._refusals),
            paced=tuple(self._paced),
            dropped=tuple(self._dropped),
            bypassed=tuple(bypassed),
            left_working=tuple(left_working),
            faults=faults,
            orders=self.orders,
            ended=ended,
        )
        self._refusals, self._paced, self._dropped = [], [], []
        self.name = ""
        return verdict


def _paced(client: ClientSide) -> Paced:
    meter = client.upward.meter
    return Paced(
        connection=client.number,
        client_id=client.state.client_id,
        peak_per_s=meter.peak_per_s,
        over=meter.over,
        delayed=meter.delayed,
        longest_wait_s=round(meter.longest_wait_s, 4),
    )
