"""What the guard can say of a frame; every verdict but a plain release carries its rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pytest_ibkr.snapshot.redact import mask_accounts
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.order import CancelOrder

# What a gateway in read-only mode answers to orders (gateway-behaviour.md 1.8).
READ_ONLY: Final = (
    "Error validating request.-'aa' : cause - The API interface is currently in Read-Only mode."
)
# What a gateway answers to a client id that it does not serve (gateway-behaviour.md 1.4).
ID_IN_USE: Final = (
    "Unable to connect as the client id is already in use. Retry with a unique client id."
)
_TEXTS: Final = {321: READ_ONLY, 326: ID_IN_USE}


@dataclass(frozen=True, slots=True)
class Allow:
    """The relay encodes exactly this message and sends nothing else."""

    message: Message


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing goes up; the client reads an error.

    Attributes:
        rule: dotted, stable name, listed in docs/reference/paper-only.md.
        reason: what was asked and why that cannot be, account ids masked by :attr:`text`.
        fix: what the author of the test can do.
        request_id: the order or request id the error carries; -1 without one.
        code: the gateway's error code.
        hang_up: whether the relay closes the client's connection afterwards.
    """

    rule: str
    reason: str
    fix: str
    request_id: int = -1
    code: int = 321
    hang_up: bool = False

    @property
    def text(self) -> str:
        """What the client reads: the gateway's own sentence, then ours."""
        return f"{_TEXTS[self.code]} pytest-ibkr: {mask_accounts(self.reason)} ({self.rule})"


@dataclass(frozen=True, slots=True)
class Replace:
    """These go up instead, each as if allowed by itself.

    Attributes:
        messages: for the connection that asked.
        why: one sentence for the audit log.
        elsewhere: (client id, message) for the connections of other client ids: an order can
            only be cancelled by the client id that placed it.
    """

    messages: tuple[Message, ...]
    why: str
    elsewhere: tuple[tuple[int, CancelOrder], ...] = ()


@dataclass(frozen=True, slots=True)
class EndRun:
    """The gateway is not what was verified: everything stops, the run ends with exit code 4."""

    rule: str
    reason: str
    fix: str

    @property
    def text(self) -> str:
        """What happened, account ids masked."""
        return f"{mask_accounts(self.reason)} ({self.rule})"


@dataclass(frozen=True, slots=True)
class Ignore:
    """Nothing goes up and the client is told nothing."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Release:
    """The frame may go down to the client, and so may everything held before it."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The frame waits until the connection is verified."""


Decision = Allow | Refuse | Replace | EndRun | Ignore
Seen = Release | Hold | EndRun
