"""Answers of a scripted peer, shared by the broker tests."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import option, stock
from tests.bot.peer import Peer

SPY = replace(stock("SPY", primary_exchange="ARCA"), con_id=756733)
CALL = option("SPY", "20260220", 690, right="CALL")
NOT_FOUND = "No security definition has been found for the request"


def details_row(peer: Peer, request_id: str, *, con_id: int = 756733, exchange: str = "SMART"):
    return peer.text(
        10, 8, request_id, "SPY", "STK", "", 0, "", exchange, "USD", "SPY", "NMS", "SPY", con_id,
        0.01, 1, "", "LMT,MKT", "SMART,ARCA", 1, 0, "SPDR S&P 500 ETF TRUST", "ARCA", "", "", "",
        "", "US/Eastern", "20260206:0400-20260206:2000", "20260206:0930-20260206:1600", "", 0, 0,
        1, "", "", "26,26", "", "ETF",
    )  # fmt: skip


def answer_details(peer: Peer, *rows: dict[str, object]) -> None:
    def answer(fields: list[str]) -> list[bytes]:
        found = [details_row(peer, fields[1], **row) for row in rows]  # type: ignore[arg-type]
        return [*found, peer.text(52, 1, fields[1])]

    peer.on(9, answer)


def answer_quote(peer: Peer, *ticks: tuple[object, ...], end: bool = True) -> None:
    def answer(fields: list[str]) -> list[bytes]:
        request_id = fields[1]
        out = []
        for message_id, *rest in ticks:
            first = () if message_id in (21, 81) else (1,)
            out.append(peer.text(int(str(message_id)), *first, request_id, *rest))
        return [*out, peer.text(57, 1, request_id)] if end else out

    peer.on(1, answer)
