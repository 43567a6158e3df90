"""Renders docs/reference/paper-only.md: ``python -m tests.guard.paper_only_page`` writes it."""

from __future__ import annotations

from pathlib import Path

from pytest_ibkr.snapshot.redact import mask_accounts
from tests.guard.rules import RULES, said

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "paper-only.md"

INTRO = """\
# Paper only: the rules

Between a program under test and a paper gateway stands the relay, and the relay obeys the guard:
nothing goes up that the guard did not allow, and what goes up is what our own encoder wrote. No
option turns any of this off; the configuration file can make the limits stricter.

A refused request reaches the program as the error of a gateway in read-only mode (321, under the
order's or request's id), the test as a failure with the reason and the fix, and the audit log as a
line. The program reads the rule's name in parentheses at the end of the error.

This page is rendered from the guard and a test keeps it in step. "For example" is what the guard
says in one case, and "Do" its advice, both word for word.

## What is judged how

- **Order ids.** New ids begin at the connection's nextValidId. An id placed in this run may be
  changed, under the same rules; an id the gateway knows from somewhere else may not.
- **What an order is worth.** Quantity times price times multiplier (100 for options). The own
  price counts where it is a ceiling: the limit of a purchase, the stop of a sale. The limit of a
  sale and the stop of a purchase are floors: a price of the contract must have been seen in this
  run, however old or delayed, and the higher one counts. MKT and TRAIL need bid and ask, live and
  at most 15 seconds old; a purchase that trails counts with its trail on top. Frozen and delayed
  data are never fresh.
- **Sales of what is not held.** A sale may open a short position, within the same limits; the
  side must be `SELL`, and the short-sale fields must be empty.
- **Working orders.** An order counts from the moment it is allowed until the gateway says Filled,
  Cancelled or ApiCancelled, or refuses it with an error before any status. Inactive counts until
  the rejection (201) came.
- **Previews.** A what-if order needs verified accounts (one, and no advisor's) and nothing else;
  but attached orders and whatever else orders can say since server version 203 it must not say.
- **Cancels.** Orders placed in this run can be cancelled at any time, also between tests, after a
  reconnect and with the market closed, under the client id that placed them. A global cancel
  becomes one cancel for each working order of this run; the orders of others stay.
- **Coming back.** A client id whose connection ended, whoever ended it, has orders again in the
  same test only. Tests get fresh client ids, so this meets programs left over from earlier tests.
- **Closing runs** (`pytest-ibkr close-positions`) need no test and go on to the very close. Their
  orders name the contract by its id and only make positions smaller.
- **Reading runs** (capture, check) have neither orders nor cancels.
- **Spelling.** Numbers with a fraction may be written in any way that means exactly the same
  (`5`, `5.00`, `5e0` for `5.0`); unset ones as nothing or as the largest double; unset whole
  numbers of an order as 2147483647; a flag that is off as nothing.
- **Bodies.** The guard can judge the protobuf bodies of server versions 201 to 225, though the
  relay agrees on none of these yet. A body must be what our encoder writes: no unknown, repeated or
  reordered field, no number longer than it need be, no flag that is off, no message in the form
  of another version, nothing that is not read here. A quantity may be spelled otherwise, and an
  order may carry the zeros that the official client writes for nothing.

## The rules
"""


def render() -> str:
    """The whole page."""
    parts = [INTRO]
    for name, rule in RULES.items():
        _, reason, fix = said(rule)
        parts.append(
            f"\n### `{name}`\n\n{rule.refuses}\n\n"
            f"- For example: {mask_accounts(reason)}\n- Do: {fix}\n"
        )
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
