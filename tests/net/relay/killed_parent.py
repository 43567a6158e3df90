"""A run that is about to be killed: starts a relay, orders through it, says how far it got.

Arguments: port of the gateway, state directory, how far: ``nothing``, ``sent``, ``working``,
``filled``, ``both``. Never ends by itself.
"""

from __future__ import annotations

import asyncio
import sys
import time

from pytest_ibkr.market_hours import stretches_s
from pytest_ibkr.net.link import Link
from pytest_ibkr.net.relay.spec import RelaySpec
from pytest_ibkr.net.relay_handle import RelayHandle
from pytest_ibkr.wire.messages.market_data import ReqMarketData, TickPrice
from tests.net.relay.account_bench import FAR, PAPER, SPY, order, place


def say(line: str) -> None:
    """One line for who started this program."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def trade(relay: RelayHandle, how_far: str) -> None:
    """Get as far as told, with the connection left open."""
    link = await Link.open(relay.host, relay.port, client_id=7300)
    request = ReqMarketData(request_id=link.next_request_id(), contract=SPY)
    async with link.stream(request) as ticks:  # the guard wants to know what an order is worth
        for side in (1, 2):
            await ticks.next(lambda each, s=side: isinstance(each, TickPrice) and each.tick == s)
    if how_far == "sent":
        await link.send(order(link, SPY, "BUY", 2))
        await link.send(order(link, SPY, "BUY", 1, limit=FAR))
    if how_far in ("working", "both"):
        await place(link, order(link, SPY, "BUY", 1, limit=FAR), status="Submitted")
    if how_far in ("filled", "both"):
        await place(link, order(link, SPY, "BUY", 2), status="Filled")
    say("ready")
    await asyncio.sleep(3600)


def main() -> None:
    """Start the relay and go on until killed."""
    port, directory, how_far = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    spec = RelaySpec(
        host="127.0.0.1",
        port=port,
        expected_account=PAPER,
        extra_paper_ports=(port,),
        state_dir=directory,
        name="to be killed",
    )
    relay = RelayHandle.start(spec)
    market = stretches_s(relay.ask("now")["now_s"])
    relay.begin_test("killed", places_orders=True, market=market)
    say(str(relay.pid))
    asyncio.run(trade(relay, how_far))
    time.sleep(3600)


if __name__ == "__main__":
    main()
