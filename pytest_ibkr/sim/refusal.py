"""A request refused before anything was sent; imports nothing of the simulator.

Codes and texts: gateway-behaviour.md 2.0. The token in quotes is the gateway's obfuscated class
name; it changes with every build, so nothing may depend on it.
"""

from __future__ import annotations

from typing import Final

CLASS_TOKEN: Final = "bZ"  # noqa: S105  # the gateway prints a class name, no password
NO_DEFINITION: Final = "No security definition has been found for the request"


class Refusal(Exception):  # an answer of the gateway, not an error of ours
    """Raised by a handler; the engine answers message 4 with ``code`` and ``text``."""

    def __init__(self, code: int, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(code, text)

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


def with_class(text: str, name: str) -> str:
    """A text of 321 or 322 with the class name of another build."""
    return text.replace(f"-'{CLASS_TOKEN}' : cause - ", f"-'{name}' : cause - ", 1)


def invalid(cause: str) -> Refusal:
    """The refusal of a request that fails validation."""
    return Refusal(321, f"Error validating request.-'{CLASS_TOKEN}' : cause - {cause}")


def failed(cause: str) -> Refusal:
    """The refusal of a valid request that cannot be processed in the present state."""
    return Refusal(322, f"Error processing request.-'{CLASS_TOKEN}' : cause - {cause}")


def unknown_contract() -> Refusal:
    """The refusal of a contract nobody has heard of."""
    return Refusal(200, NO_DEFINITION)


def ambiguous_contract(symbol: str) -> Refusal:
    """The refusal of a contract that fits several instruments."""
    return Refusal(
        200,
        f"The contract description specified for {symbol} is ambiguous; you must specify the"
        " multiplier or trading class.",
    )
