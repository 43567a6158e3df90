"""A gateway process that says so many ticks a second, each with the moment it was sent.

    python flooding_gateway.py TICKS_PER_SECOND ACCOUNT EPOCH_S

Prints its port. Floods whoever asks for market data from then on; answers the questions that a
relay asks before it lets anybody in. Standard library only; all of its data is synthetic.
"""

from __future__ import annotations

import asyncio
import sys
import time

STEP_S = 0.001


def frame(*fields: object) -> bytes:
    """Fields to a whole frame."""
    body = b"".join(str(field).encode() + b"\0" for field in fields)
    return len(body).to_bytes(4, "big") + body


class Peer:
    """One client."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        facts: tuple[int, str, int],
    ) -> None:
        self.reader, self.writer = reader, writer
        self.rate, self.account, self.epoch_s = facts
        self.began_s = time.monotonic()

    async def serve(self) -> None:
        """Answer until it leaves."""
        await self.reader.readexactly(4)
        await self._frame()
        self.writer.write(frame(178, "20260710 11:00:00 EST"))
        flood: asyncio.Task[None] | None = None
        try:
            while True:
                fields = (await self._frame()).split(b"\0")
                if fields[0] == b"1" and flood is None:
                    flood = asyncio.create_task(self._flood(int(fields[2])))
                else:
                    self.writer.write(self._answer(fields))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            if flood is not None:
                flood.cancel()
            self.writer.close()

    async def _frame(self) -> bytes:
        size = int.from_bytes(await self.reader.readexactly(4), "big")
        return await self.reader.readexactly(size)

    def _answer(self, fields: list[bytes]) -> bytes:
        number = fields[0]
        if number == b"71":
            return frame(15, 1, self.account) + frame(9, 1, 1)
        if number == b"17":
            return frame(15, 1, self.account)
        if number == b"8":
            return frame(9, 1, 1)
        if number == b"49":
            return frame(49, 1, int(self.epoch_s + time.monotonic() - self.began_s))
        if number in (b"5", b"16"):
            return frame(53, 1)
        if number == b"7":
            return frame(55, 1, fields[2].decode())
        if number == b"61":
            return frame(62, 1)
        if number == b"62":
            return frame(64, 1, fields[2].decode())
        if number == b"6":
            return frame(54, 1, self.account)
        if number == b"99":
            return frame(102)
        return b""

    async def _flood(self, request_id: int) -> None:
        """Send what is due, every millisecond; a tickString carries the moment, in microseconds."""
        began_s, sent = time.monotonic(), 0
        while True:
            due = int((time.monotonic() - began_s) * self.rate)
            if due > sent:
                tick = frame(46, 6, request_id, 45, time.monotonic_ns() // 1000)
                self.writer.write(tick * (due - sent))
                sent = due
                await self.writer.drain()
            await asyncio.sleep(STEP_S)


async def main(rate: str, account: str, epoch_s: str) -> None:
    """Serve until killed."""
    facts = (int(rate), account, int(epoch_s))
    server = await asyncio.start_server(lambda r, w: Peer(r, w, facts).serve(), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
