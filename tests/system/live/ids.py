"""Account ids as real gateways serve them, put together at run time: no file holds one."""

from __future__ import annotations

import os
from typing import Final

# The server version these tests speak: test_all_versions.py runs them at others too.
VERSION: Final = int(os.environ.get("IBKR_EVIL_VERSION", "178"))
PAPER = "DU" + "7654321"
OTHER_PAPER = "DU" + "7654322"
ADVISOR = "DF" + "7654300"
LIVE = "U" + "1234567"
# The id of PAPER with the digits of another script, which int() and str.isdigit() accept.
ARABIC_DIGITS = "DU" + "".join(chr(0x0660 + int(digit)) for digit in PAPER[2:])
FULL_WIDTH = "".join(chr(ord(letter) + 0xFEE0) for letter in PAPER)
CYRILLIC = PAPER.replace("U", "\N{CYRILLIC SMALL LETTER U}".upper())
