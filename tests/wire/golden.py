"""Frames of real gateways: message logs as payloads, and frames annotated in reports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data"
LOGS = ("gateway_paper_20260102.txt", "gateway_live_20260113.txt")
HOURS = re.compile(r"\d{8}:(CLOSED|\d{4}-\d{8}:\d{4})")


class Logged(NamedTuple):
    """One logged frame."""

    upward: bool  # client to gateway
    payload: bytes
    line: str


def logged(name: str) -> list[Logged]:
    """Every frame of a log, in order."""
    lines = (DATA / name).read_text("utf-8").splitlines()
    frames = []
    for line in lines:
        if line.startswith("#"):
            continue
        _, arrow, text = line.split(" ", 2)
        upward = arrow == "<-"
        fields = split(text.removesuffix(";") if upward else text)
        frames.append(Logged(upward, "".join(f"{field}\0" for field in fields).encode(), line))
    return frames


def split(text: str) -> list[str]:
    """Fields of a log line; the sessions inside the hours of message 10 hold ";" too."""
    fields = text.split(";")
    days = [at for at, field in enumerate(fields) if HOURS.fullmatch(field)]
    if not days:
        return fields
    dates = [fields[at][:8] for at in days]
    turn = next(at for at in range(1, len(days)) if dates[at] < dates[at - 1])
    trading = ";".join(fields[at] for at in days[:turn])
    liquid = ";".join(fields[at] for at in days[turn:])
    return [*fields[: days[0]], trading, liquid, *fields[days[-1] + 1 :]]


# One live market order as a gateway of server version 200 echoed it, field by field (public
# annotated capture); ids are made up.
_UNSET = "1.7976931348623157E308;"
_TERMS = (
    "5;371;265598;AAPL;STK;;0;?;;SMART;USD;AAPL;NMS;BUY;100;MKT;0.0;0.0;DAY;;DU0000001;;0;ref;1;"
    "9000000371;0;0;0;;9000000371.0/DU0000001/100;;;;;;;;;0;;-1;0;;;;;;2147483647;0;0;0;;3;0;0;;0;"
    "0;;0;None;;0;;;;?;0;0;;0;0;;;;;;0;0;0;2147483647;2147483647;;;0;;IB;0;0;;0;0;PreSubmitted;"
)
_PREVIEW = f";{_UNSET * 9}-9223372036854775808;;0;"
_TAIL = f";0;0;0;None;{_UNSET * 6}0;;;;0;1;0;0;0;;;0;;100;0.02;;;"
OPEN_ORDER_178 = f"{_TERMS}{_UNSET * 9};;;;{_TAIL}"  # without the fields that came later
OPEN_ORDER_200 = f"{_TERMS}{_UNSET * 9};;;;{_PREVIEW}{_TAIL};0;;0;;0;papertrader01;0;"
REPORTED = [  # fields joined with ";" as gateways sent them; server version
    ("1;6;1001;68;255.45;200;0;", 178),
    ("2;6;1001;74;312894;", 178),
    ("46;6;1001;88;1718000000;", 178),
    ("57;1;1001;", 178),
    ("58;1;1001;3;", 178),
    ("81;1001;0.01;9c0001;3;", 178),
    ("81;4;0.00001;;0;", 178),
    ("61;3;DU0000001;3691937;AMZN;STK;;0.0;;;NASDAQ;USD;AMZN;NMS;15;200.25;", 178),
    ("3;371;PreSubmitted;0;100;0;900000371;0;0;1;;0;", 178),
    (
        (
            "11;-1;371;265598;AAPL;STK;;0.0;;;IBKRATS;USD;AAPL;NMS;0000e0d5.69dd7411.01.01;"
            "20260611-13:30:30;DU0000001;IBKRATS;BOT;100;292.79;900000371;1;0;100;292.79;ref;;;;2;0;"
        ),
        178,
    ),
    ("59;1;0000e0d5.69dd7411.01.01;1.0003;USD;-68.051912;1.7976931348623157E308;;", 178),
    ("59;1;0000e0d5.69dd7411.01.02;1.2E-4;USD;-0.648813;1.7976931348623157E308;;", 178),
    ("63;1;1001;DU0000001;BuyingPower;300000.00;EUR;", 178),
    ("75;3;SMART;265598;AAPL;100;2;20260713;20260717;2;5.0;10.0;", 178),
    ("76;6;", 178),
    (OPEN_ORDER_178, 178),
    (OPEN_ORDER_178, 177),
    (OPEN_ORDER_200, 200),
    ("3;371;PreSubmitted;0;100;0;9000000371;0;0;1;;0;", 200),
    (
        (
            "10;1001;AAPL;STK;;;0;;SMART;USD;AAPL;NMS;NMS;265598;0.01;;MKT,LMT;SMART,NYSE;1;0;"
            "APPLE INC;NASDAQ;;Technology;Computers;Computers;US/Eastern;"
            "20260713:0930-20260713:1600;20260713:0930-20260713:1600;;;1;ISIN;US0378331005;1;;;26,26;;"
            "COMMON;0.0001;0.0001;100;0;"
        ),
        200,
    ),
    (
        (
            "17;1001;1;20260402 09:30:00 US/Eastern;254.20;254.80;250.65;252.53;2829736;252.266;"
            "13633;"
        ),
        200,
    ),
    ("108;1001;20260402 09:30:00 US/Eastern;20260402 10:00:00 US/Eastern;", 200),
    ("4;10001;202;Order Canceled - reason:;;1776270459000;", 200),
    (
        (
            "11;-1;371;265598;AAPL;STK;;0.0;;;IBKRATS;USD;AAPL;NMS;0000e0d5.69dd7411.01.01;"
            "20260611-13:30:30;DU0000001;IBKRATS;BOT;100;292.79;9000000371;1;0;100;292.79;ref;;;;2;0;"
            "papertrader01;"
        ),
        200,
    ),
]
