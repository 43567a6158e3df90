"""Gathers what crosses the wire during one test and makes a recording of it. Pure.

Frames stay as they were until the end: an id that is declared late is replaced in what came
before it too. Imports wire and capture only; opens no file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pytest_ibkr.capture import declared
from pytest_ibkr.capture.pseudonyms import Pseudonyms
from pytest_ibkr.capture.recording import Account, Connection, Context, Frame, Recording
from pytest_ibkr.errors import WireError
from pytest_ibkr.wire.codec import Raw, decode_request, decode_response
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.session import StartApi
from pytest_ibkr.wire.versions import PROTOBUF

SOURCE: Final = "captured through the relay"
MOST_BYTES: Final = 128 * 1024 * 1024  # of payload held in memory for one test
UNREADABLE, NO_VERSION, TOO_MANY = "unreadable", "of an unknown version", "too many to hold"
BODIES: Final = "of a version with bodies"  # a recording keeps text fields, and masks them
NOT_READ: Final = "ticks nobody read in time"
BY_RELAY: Final = "answered by the relay"  # refusals and faults: no gateway said that


@dataclass(frozen=True, slots=True)
class _Heard:
    at_s: float
    connection: int
    by_client: bool
    payload: bytes
    message: Message


class Recorder:
    """One test's share of the wire.

    Args:
        connections: connections that are open already, by the relay's number.
    """

    def __init__(self, connections: Mapping[int, Connection] | None = None) -> None:
        self.connections = dict(connections or {})
        self.left_out: Counter[str] = Counter()
        self._heard: list[_Heard] = []
        self._bytes = 0

    @property
    def asked(self) -> bool:
        """Whether a client asked for anything."""
        return any(
            each.by_client and not isinstance(each.message, StartApi) for each in self._heard
        )

    @property
    def start_s(self) -> float:
        """When the first frame crossed, on the clock of ``hear``; 0 without any."""
        return self._heard[0].at_s if self._heard else 0.0

    def opened(self, connection: int, *, version: int) -> None:
        """Note the server version a connection agreed on."""
        self.connections[connection] = Connection(version)

    def hear(self, at_s: float, connection: int, *, by_client: bool, payload: bytes) -> None:
        """Take one frame, without its length; what cannot be read is counted, never kept.

        Args:
            at_s: seconds, of any beginning.
            connection: the relay's number.
            by_client: who sent it.
            payload: its bytes.
        """
        known = self.connections.get(connection)
        if known is None:
            self.left_out[NO_VERSION] += 1
            return
        if self._bytes + len(payload) > MOST_BYTES:
            self.left_out[TOO_MANY] += 1
            return
        if known.server_version >= PROTOBUF:
            self.left_out[BODIES] += 1
            return
        decode = decode_request if by_client else decode_response
        try:
            message = decode(payload, known.server_version)
        except WireError:
            message = Raw(None, payload)
        if isinstance(message, Raw):
            self.left_out[UNREADABLE] += 1
            return
        if isinstance(message, StartApi):
            self.connections[connection] = replace(known, client_id=message.client_id)
        self._bytes += len(payload)
        self._heard.append(_Heard(at_s, connection, by_client, payload, message))

    def recording(
        self,
        context: Context,
        *,
        recorded_at: datetime | None,
        account: Account = "unknown",
        accounts: Sequence[str] = (),
        logins: Iterable[str] = (),
    ) -> Recording:
        """Make the recording: times from the first frame on, names replaced.

        Args:
            context: in what it was made; its texts are masked too.
            recorded_at: the gateway's time of the first frame, aware.
            account: of what kind.
            accounts: real ids that are known, the verified one first.
            logins: real login names that are known.
        """
        messages = [each.message for each in self._heard]
        names = Pseudonyms(
            accounts=[*filter(None, accounts), *declared.accounts(messages)],
            logins=[*logins, *declared.names(messages)],
        )
        order = dict.fromkeys(each.connection for each in self._heard)
        numbers = {connection: number for number, connection in enumerate(order, 1)}
        versions = [self.connections[connection].server_version for connection in order]
        return Recording(
            server_version=max(versions, default=0),
            source=SOURCE,
            frames=tuple(self._frame(e, names, numbers[e.connection]) for e in self._heard),
            recorded_on="" if recorded_at is None else recorded_at.date().isoformat(),
            recorded_at=recorded_at,
            complete=not self.left_out,
            account=account,
            connections={numbers[each]: self.connections[each] for each in order},
            context=Context(
                test=names.masked(context.test),
                markers=names.mask(context.markers),
                product=context.product,
            ),
            left_out=dict(self.left_out),
        )

    def _frame(self, heard: _Heard, names: Pseudonyms, connection: int) -> Frame:
        fields = heard.payload.decode("utf-8", "surrogateescape").removesuffix("\0").split("\0")
        return Frame(
            at_s=round(max(0.0, heard.at_s - self.start_s), 3),
            speaker="client" if heard.by_client else "gateway",
            fields=names.mask(fields),
            connection=connection,
        )
