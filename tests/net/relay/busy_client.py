"""A client process that reads a flood of ticks and keeps asking the time.

    python busy_client.py PORT CLIENT_ID SECONDS QUESTIONS_PER_SECOND

Prints one JSON object: ticks read, their delays and the round trips of its questions in
milliseconds (median, 99th percentile, longest). Standard library only.
"""

from __future__ import annotations

import json
import selectors
import socket
import statistics
import sys
import time

WARM_UP_S = 1.0


def frame(*fields: object) -> bytes:
    """Fields to a whole frame."""
    body = b"".join(str(field).encode() + b"\0" for field in fields)
    return len(body).to_bytes(4, "big") + body


class Reader:
    """Cuts frames and keeps what they say about time."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.ticks = 0
        self.delays_us: list[int] = []
        self.trips_us: list[int] = []
        self.asked_us: list[int] = []
        self.started = self.measuring = False

    def take(self, data: bytes) -> None:
        """Read what came."""
        now_us = time.monotonic_ns() // 1000
        buffer, at = self.buffer, 0
        buffer += data
        while len(buffer) - at >= 4:
            size = int.from_bytes(buffer[at : at + 4], "big")
            if len(buffer) - at - 4 < size:
                break
            fields = bytes(buffer[at + 4 : at + 4 + size]).split(b"\0")
            at += 4 + size
            if fields[0] == b"46":
                self.ticks += 1
                if self.measuring and self.ticks % 8 == 0:
                    self.delays_us.append(now_us - int(fields[4]))
            elif fields[0] == b"49" and self.asked_us:
                asked_us = self.asked_us.pop(0)
                if self.measuring:
                    self.trips_us.append(now_us - asked_us)
            elif fields[0] == b"9":
                self.started = True
        del buffer[:at]


def summary(values_us: list[int]) -> dict[str, float]:
    """Milliseconds."""
    cuts = statistics.quantiles(values_us, n=100)
    found = {"p50_ms": cuts[49], "p99_ms": cuts[98], "longest_ms": max(values_us)}
    return {name: round(value / 1000, 3) for name, value in found.items()}


def main(port: str, client_id: str, seconds: str, per_second: str) -> None:
    """Measure."""
    peer = socket.create_connection(("127.0.0.1", int(port)))
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    peer.sendall(b"API\0\0\0\0\x09v157..178")
    peer.recv(4096)
    peer.sendall(frame(71, 2, client_id, ""))
    reader = Reader()
    while not reader.started:
        reader.take(peer.recv(65536))
    spy = (756733, "SPY", "STK", "", "0.0", "", "", "SMART", "", "USD", "", "")
    peer.sendall(frame(1, 11, 7, *spy, 0, "", 0, 0, ""))
    peer.setblocking(False)
    gap_s, began_s = 1 / float(per_second), time.monotonic()
    end_s, next_s, first_ticks = began_s + WARM_UP_S + float(seconds), began_s, 0
    with selectors.DefaultSelector() as waiting:
        waiting.register(peer, selectors.EVENT_READ)
        while (now_s := time.monotonic()) < end_s:
            if not reader.measuring and now_s > began_s + WARM_UP_S:
                reader.measuring, first_ticks, measured_s = True, reader.ticks, now_s
            if now_s >= next_s:
                next_s += gap_s
                reader.asked_us.append(time.monotonic_ns() // 1000)
                peer.sendall(frame(49, 1))
            for _each in waiting.select(max(0.0, next_s - now_s)):
                data = peer.recv(1 << 20)
                if not data:
                    sys.exit("the connection was closed")
                reader.take(data)
        rate = (reader.ticks - first_ticks) / (time.monotonic() - measured_s)
    result = {
        "ticks_per_s": round(rate),
        "ticks": reader.ticks,
        "delays": summary(reader.delays_us),
        "round_trips": summary(reader.trips_us),
        "questions": len(reader.trips_us),
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
