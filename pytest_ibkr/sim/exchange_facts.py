"""Exchanges, their letters and who shows depth; plain tables.

Sources: letters are the participant ids of the CTA, UTP and OPRA plans; exchanges with depth and
with their best price only are those of a captured 2152 (gateway-behaviour.md 2.3 has its meaning).
The order of bits is not captured: letters ascend.
"""

from __future__ import annotations

from typing import Final

STOCK_LETTERS: Final = {
    "AMEX": "A",
    "BEX": "B",
    "NYSENAT": "C",
    "PEARL": "H",
    "ISE": "I",
    "EDGEA": "J",
    "DRCTEDGE": "K",
    "LTSE": "L",
    "CHX": "M",
    "NYSE": "N",
    "ARCA": "P",
    "NASDAQ": "Q",
    "MEMX": "U",
    "IEX": "V",
    "PSX": "X",
    "BYX": "Y",
    "BATS": "Z",
}
OPTION_LETTERS: Final = {
    "AMEX": "A",
    "BOX": "B",
    "CBOE": "C",
    "EMERALD": "D",
    "EDGX": "E",
    "GEMINI": "H",
    "ISE": "I",
    "MERCURY": "J",
    "MIAX": "M",
    "PSE": "N",
    "PEARL": "P",
    "NASDAQOM": "Q",
    "SAPPHIRE": "S",
    "NASDAQBX": "T",
    "MEMX": "U",
    "CBOE2": "W",
    "PHLX": "X",
    "BATS": "Z",
}
# Keys of exchange maps as captured in message 81; the first two digits name the map.
BBO_STOCK, BBO_OTHER = "9c0001", "a60001"
LETTERS_OF: Final = {BBO_STOCK: STOCK_LETTERS, BBO_OTHER: OPTION_LETTERS}
SEC_TYPE_OF: Final = {BBO_STOCK: "STK", BBO_OTHER: "OPT"}

# What a book is made of; Deep2 books name market makers and come as message 13.
DEEP, DEEP2 = "Deep", "Deep2"
SERVICES: Final[dict[tuple[str, str], str]] = {
    ("ARCA", "STK"): DEEP,
    ("BATS", "STK"): DEEP,
    ("BEX", "STK"): DEEP,
    ("IEX", "STK"): DEEP,
    ("NASDAQ", "STK"): DEEP2,
    ("NYSE", "STK"): DEEP,
    ("CME", "FUT"): DEEP,
}
STOCK_DEEP: Final = ("ARCA", "BATS", "BEX", "IEX", "NASDAQ", "NYSE")
STOCK_TOP: Final = (
    *("BYX", "AMEX", "PEARL", "MEMX", "EDGEA", "CHX", "NYSENAT", "PSX", "LTSE", "ISE", "DRCTEDGE"),
)
NASDAQ_MAKER: Final = "NSDQ"
