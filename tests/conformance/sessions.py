"""One whole client session as request payloads: what robustness tests split, damage and repeat."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.place_order import PlaceOrder

VERSION = 176
MARK = Decimal("123.5")
SPY = "756733;SPY;STK;;0.0;;;SMART;ARCA;USD;SPY;SPY"
TEXTS = (
    "61;1;",
    "5;1;",
    "99;0;",
    "6;2;1;DU0000001;",
    "76;1;1;DU0000001;;0;",
    "7;3;2;0;;;;;;;",
    "62;1;3;All;NetLiquidation,BuyingPower;",
    "9;8;4;0;SPY;STK;;0.0;;;SMART;;USD;;;0;;;;",
    "9;8;5;0;NOSUCHTHING;STK;;0.0;;;SMART;;USD;;;0;;;;",
    "78;6;SPY;;STK;756733;",
    f"1;11;7;{SPY};0;;1;0;;",
    f"20;8;{SPY};0;;1 hour;5 D;1;TRADES;1;0;;",
    "59;1;1;",
    "16;1;",
    "8;1;1;",
    "17;1;",
    "14;1;2;",
    "91;26;",
)
AFTER = ("4;1;1;;", "2;2;7;", "25;1;8;", "63;1;3;", "77;1;1;", "64;1;", "6;2;0;DU0000001;", "58;1;")
NASTY = (
    *(b"", b"-1", b"0", b"1e400", b"NaN", b"Infinity", b"\xff\xfe", b"9" * 400, b"1_0", b"SPY"),
    *(b"2147483648", b"-2147483649", b"1.7976931348623157E308", b"20260710", b"1 day", b"%s%n"),
)
# Values of the right kind in places they were not meant for get past the decoder.
WORDS = (
    *("SPY", "QQQ", "VIX", "AAPL", "STK", "OPT", "IND", "FUT", "BAG", "CASH", "SMART", "ARCA"),
    *("CBOE", "USD", "EUR", "P", "C", "1 hour", "5 mins", "1 day", "1 D", "5 D", "10 Y", "30 S"),
    *("TRADES", "MIDPOINT", "BID_ASK", "SCHEDULE", "100,101,106", "BUY", "SELL", "SSHORT", "LMT"),
    *("MKT", "STP", "TRAIL", "STP LMT", "MOC", "DAY", "GTC", "IOC", "FOK", "GTD", "oca", "All"),
    *("20260710 10:00:00", "20260717", "20260710-14:00:00", "$LEDGER:ALL", "DU0000001", "U1", ""),
)
WHOLE = ("-1", "0", "1", "2", "3", "4", "7", "26", "99", "756733", "2147483647", "-2147483648", "")
BROKEN = ("0.005", "-0.01", "700", "755.5", "1e300", "1E-300", "-1.5", "1.7976931348623157E308", "")


def _order(order_type: str, limit: str | None) -> bytes:
    price = Decimal(limit) if limit else None
    terms = replace(_terms(order_type, 1), limit_price=price, aux_price=None)
    return encode(terms, VERSION)


def payload(text: str) -> bytes:
    """Return a line's payload."""
    return text.replace(";", "\0").encode()


def order_payload(order_id: int, order_type: str, field: str, text: str) -> bytes:
    """Return a sound order with one field's text replaced on the wire."""
    sound = encode(_terms(order_type, order_id), VERSION)
    changed: dict[str, Any] = {field: MARK}
    marked = encode(replace(_terms(order_type, order_id), **changed), VERSION)
    pairs = zip(sound.split(b"\0"), marked.split(b"\0"), strict=True)
    return b"\0".join(text.encode() if old != new else old for old, new in pairs)


def _terms(order_type: str, order_id: int) -> PlaceOrder:
    return PlaceOrder(
        order_id=order_id,
        contract=Contract(con_id=756733, symbol="SPY", sec_type="STK", exchange="SMART"),
        action="BUY",
        quantity=Decimal(10),
        order_type=order_type,
        limit_price=None if order_type == "TRAIL" else Decimal("700.5"),
        aux_price=Decimal("705.5"),
        tif="DAY",
    )


def questions() -> list[bytes]:
    """Return a session's first half: every question, and a resting order."""
    return [*map(payload, TEXTS), _order("LMT", "700.0")]


def cancels() -> list[bytes]:
    """Return its second half."""
    return [*map(payload, AFTER)]


def damaged(seed: int, count: int) -> list[bytes]:
    """Return ``count`` payloads with one to four accidents each, or made of noise."""
    dice = random.Random(seed)
    whole = [*questions(), *cancels(), _order("MKT", None)]
    return [_damage(dice.choice(whole), dice) for _ in range(count)]


def _damage(sound: bytes, dice: random.Random) -> bytes:
    if dice.random() < 0.05:
        return dice.randbytes(dice.randint(1, 60))
    if dice.random() < 0.05:
        return b"%d\0" % dice.randint(-1, 260) + sound
    fields = sound.split(b"\0")
    if dice.random() < 0.6:
        for _ in range(dice.randint(1, 3)):
            at = min(dice.randrange(1, len(fields)), len(fields) - 2)
            fields[at] = _plausible(fields[at], dice)
        return b"\0".join(fields)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(fields))
        match dice.randrange(6):
            case 0 | 1:
                fields[at] = dice.choice(NASTY)
            case 2:
                del fields[at]
            case 3:
                fields.insert(at, fields[at])
            case 4:
                fields[at] = dice.randbytes(dice.randint(0, 6))
            case _:
                fields[at] = bytes(b ^ (1 << dice.randrange(8)) for b in fields[at])
        fields = fields or [b""]
    return b"\0".join(fields) or b"\0"


def _plausible(field: bytes, dice: random.Random) -> bytes:
    """Return another value of a field's kind."""
    if re.fullmatch(rb"-?\d+", field):
        return dice.choice(WHOLE).encode()
    if re.fullmatch(rb"-?\d+\.\d+", field):
        return dice.choice(BROKEN).encode()
    return dice.choice(WORDS if field or dice.random() < 0.5 else (*WHOLE, *BROKEN)).encode()
