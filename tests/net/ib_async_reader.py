"""A process of its own in which ib_async reads as fast as it can.

    python ib_async_reader.py PORT CLIENT_ID

Prints the request id of a SPY stream, then, whenever a line comes on standard input, the bytes
ib_async has taken and the CPU seconds this process has spent; ends with the input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from ib_async import IB, Stock


def say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


async def main() -> None:
    port, client_id = map(int, sys.argv[1:3])
    ib, ended = IB(), asyncio.Event()
    await ib.connectAsync("127.0.0.1", port, clientId=client_id)
    [spy] = await ib.qualifyContractsAsync(Stock("SPY", "SMART", "USD"))
    ticker = ib.reqMktData(spy)
    while ticker.last != ticker.last:  # not a number until the first quote
        await asyncio.sleep(0.01)

    def asked() -> None:
        if sys.stdin.readline():
            say([ib.client.connectionStats().numBytesRecv, time.process_time()])
        else:
            ended.set()

    asyncio.get_running_loop().add_reader(sys.stdin, asked)
    say(next(iter(ib.wrapper.reqId2Ticker)))
    await ended.wait()
    ib.disconnect()


if __name__ == "__main__":
    asyncio.run(main())
