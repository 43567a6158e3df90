"""A scriptable gateway on a raw socket that keeps every byte it is sent and obeys nobody.

Says what it is told to say, at the moment it is told to, and answers the questions a relay or
a client asks before it trusts anybody. Reads requests with code of its own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.messages.session import ManagedAccounts, NextValidId
from tests.system.live.evil_answers import answers
from tests.system.live.forms import FIRST_BINARY, head, text_fields
from tests.system.live.ids import PAPER, VERSION

NEW_YORK: Final = ZoneInfo("America/New_York")
OPEN: Final = datetime(2026, 7, 10, 11, 0, tzinfo=NEW_YORK)  # a Friday with a full session
LAST_MINUTES: Final = datetime(2026, 7, 10, 15, 51, tzinfo=NEW_YORK)
NIGHT: Final = datetime(2026, 7, 10, 22, 0, tzinfo=NEW_YORK)
DEADLINE_S: Final = 20.0

# What may reach a gateway that has not earned an order: questions and their ends, nothing else.
QUESTIONS: Final = {
    b"1", b"2", b"5", b"6", b"7", b"8", b"9", b"16", b"17", b"49", b"59", b"61", b"62", b"63",
    b"64", b"71", b"74", b"75", b"76", b"77", b"99", b"105",
}  # fmt: skip

ClosePoint = Literal["", "accept", "greeting", "start"]


@dataclass(frozen=True, kw_only=True)
class Script:
    """What a gateway does to who connects.

    Attributes:
        version: the server version it answers, whatever was offered.
        accounts: the managedAccounts of the n-th connection, from 1.
        account_type: what it says AccountType is.
        early: frames before managedAccounts, as an order replay comes.
        late: frames right behind nextValidId.
        piece: bytes per write; 0 writes whole.
        framing: "binary" puts the id in four bytes, as gateways do from version 201 on.
        version_frame: sent instead of the version answer.
        silent_after: says nothing from this point on: "connect", "greeting", "start".
        closes_at: hangs up at this point.
        now: what it says the time is when it starts.
    """

    version: int = VERSION
    accounts: Callable[[int], str | None] = lambda _number: PAPER
    account_type: str = "INDIVIDUAL"
    early: tuple[bytes, ...] = ()
    late: tuple[bytes, ...] = ()
    piece: int = 0
    framing: Literal["text", "binary"] = "text"
    version_frame: bytes | None = None
    silent_after: str = ""
    closes_at: ClosePoint = ""
    now: datetime = OPEN


def always(text: str | None) -> Callable[[int], str | None]:
    """The same account list for everybody; None: none is sent."""
    return lambda _number: text


def framed(payload: bytes) -> bytes:
    """Put the length in front."""
    return len(payload).to_bytes(4, "big") + payload


@dataclass
class Heard:
    """One connection to the gateway: every byte, and the frames they make.

    ``broken`` says why the bytes stopped making sense, ``ended`` whether either side hung up.
    """

    number: int
    peer: socket.socket
    raw: bytearray = field(default_factory=bytearray)
    frames: list[bytes] = field(default_factory=list)
    offer: bytes = b""
    client_id: int | None = None
    broken: str = ""
    ended: bool = False
    _used: int = 0

    def take(self, data: bytes) -> list[bytes]:
        """Keep what came and return the frames it completed, the version offer included."""
        self.raw += data
        if self._used == 0:
            if len(self.raw) < 4:
                return []
            if self.raw[:4] != b"API\0":
                self.broken = f"no greeting: {bytes(self.raw[:40])!r}"
                return []
            self._used = 4
        fresh = []
        while len(self.raw) - self._used >= 4:
            size = int.from_bytes(self.raw[self._used : self._used + 4], "big")
            if len(self.raw) - self._used - 4 < size:
                break
            fresh.append(bytes(self.raw[self._used + 4 : self._used + 4 + size]))
            self._used += 4 + size
        self.frames += fresh
        return fresh

    @property
    def torn(self) -> bytes:
        """Bytes behind the last whole frame."""
        return bytes(self.raw[self._used :])


class EvilGateway:
    """Listens on a loopback port, a free one unless one is named; a thread per connection.

    Raises:
        AssertionError: it could not do what the script says; raised by ``close``.
    """

    host = "127.0.0.1"

    def __init__(self, script: Script | None = None, *, port: int = 0) -> None:
        self.script = script or Script()
        self.heard: list[Heard] = []
        self.orders: dict[int, str] = {}
        self._failures: list[BaseException] = []
        self._began_s = time.monotonic()
        self._changed = threading.Condition()
        self._listener = socket.create_server((self.host, port))
        self.port: int = self._listener.getsockname()[1]
        self._closed = False
        threading.Thread(target=self._accept, daemon=True, name="evil-gateway").start()

    def __enter__(self) -> EvilGateway:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every socket."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()
        if self._failures:
            raise AssertionError(f"the evil gateway failed: {self._failures[0]!r}")

    # -- what a test does to it

    def drop(self) -> None:
        """Hang up on everybody."""
        for each in list(self.heard):
            with contextlib.suppress(OSError):
                each.peer.shutdown(socket.SHUT_RDWR)
            each.peer.close()

    def say(self, payload: bytes) -> None:
        """Send a frame to everybody who is still there."""
        for each in list(self.heard):
            with contextlib.suppress(OSError):
                self._write(each, payload)

    def serve(self, text: str) -> None:
        """Serve other accounts from now on, and announce them."""
        self.script = dataclasses.replace(self.script, accounts=always(text))
        self.say(self._accounts(text))

    def announce(self, heard: Heard) -> None:
        """Tell one connection its accounts."""
        text = self.script.accounts(heard.number)
        if text is not None:
            self._write(heard, self._accounts(text))

    def wait(self, condition: Callable[[EvilGateway], object], what: str) -> None:
        """Wait until a condition holds of what was heard.

        Raises:
            AssertionError: it did not within 20 s.
        """
        with self._changed:
            ok = self._changed.wait_for(lambda: condition(self), DEADLINE_S)
        assert ok, f"the gateway was not told {what}; it heard {self.frames()}"

    # -- what it heard

    def frames(
        self, first_field: bytes | None = None, *, client_id: int | None = None
    ) -> list[bytes]:
        """Every whole frame but the version offers; those of one message id, of one client."""
        heard = [h for h in list(self.heard) if client_id in (None, h.client_id)]
        found = [frame for each in heard for frame in each.frames[1:]]
        return [f for f in found if first_field in (None, head(f, self.script.version))]

    def suspicious(self) -> list[bytes]:
        """Everything that is not one of the harmless questions written in the plainest way.

        Torn bytes, binary ids, unknown ids, ids with blanks or zeros, orders and cancels.
        """
        version = self.script.version
        found = [f for f in self.frames() if head(f, version) not in QUESTIONS]
        if version < FIRST_BINARY:
            found = [f for f in self.frames() if f in found or f[-1:] != b"\0"]
        for each in list(self.heard):
            if each.broken or each.torn:
                found.append(bytes(each.raw))
        return found

    def now(self) -> datetime:
        """What it says the time is."""
        passed_s = time.monotonic() - self._began_s
        return datetime.fromtimestamp(self.script.now.timestamp() + passed_s, NEW_YORK)

    # -- its own thread

    def _accept(self) -> None:
        while not self._closed:
            try:
                peer, _address = self._listener.accept()
            except OSError:
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            heard = Heard(len(self.heard) + 1, peer)
            self.heard.append(heard)
            threading.Thread(target=self._serve, args=(heard,), daemon=True).start()

    def _serve(self, heard: Heard) -> None:
        try:
            if self.script.closes_at == "accept":
                heard.peer.close()
                return
            for frame in _received(heard):
                with self._changed:
                    self._changed.notify_all()
                self._take(heard, frame)
        except OSError:
            pass
        except BaseException as exc:
            self._failures.append(exc)
        finally:
            with self._changed:
                heard.ended = True
                self._changed.notify_all()

    def _take(self, heard: Heard, frame: bytes) -> None:
        script = self.script
        if script.silent_after == "connect":
            return
        if not heard.offer:
            heard.offer = frame
            self._greet(heard)
            return
        fields = text_fields(frame, script.version, by_client=True)
        if fields[0] == b"71" and heard.client_id is None:
            heard.client_id = int(fields[2])
            if script.closes_at == "start":
                heard.peer.close()
            elif script.silent_after != "greeting":
                self._start(heard)
            return
        if script.silent_after:
            return
        for answer in answers(self, heard, fields):
            self._write(heard, encode(answer, self._speaks))

    def _greet(self, heard: Heard) -> None:
        script = self.script
        if script.closes_at == "greeting":
            heard.peer.close()
            return
        moment = f"{self.now():%Y%m%d %H:%M:%S} EST"
        plain = f"{script.version}\0{moment}\0".encode()
        self._write(heard, plain if script.version_frame is None else script.version_frame)

    def _start(self, heard: Heard) -> None:
        script = self.script
        for payload in script.early:
            self._write(heard, payload)
        self.announce(heard)
        self._write(heard, self._framed_id(encode(NextValidId(order_id=1), self._speaks)))
        for payload in script.late:
            self._write(heard, payload)

    def _accounts(self, text: str) -> bytes:
        if self._speaks >= FIRST_BINARY:
            return encode(ManagedAccounts(accounts=text), self._speaks)
        return self._framed_id(b"15\x001\x00" + text.encode() + b"\0")

    @property
    def _speaks(self) -> int:
        """The version of its frames: of a version it was not asked for it has the number only."""
        asked = VERSION >= FIRST_BINARY
        return self.script.version if asked else min(self.script.version, 200)

    def _framed_id(self, payload: bytes) -> bytes:
        if self.script.framing == "text" or self._speaks >= FIRST_BINARY:
            return payload
        number, _, rest = payload.partition(b"\0")
        return int(number).to_bytes(4, "big") + rest

    def _write(self, heard: Heard, payload: bytes) -> None:
        data, piece = framed(payload), self.script.piece
        if not piece:
            heard.peer.sendall(data)
            return
        for at in range(0, len(data), piece):
            heard.peer.sendall(data[at : at + piece])
            time.sleep(0.0005)  # so that the pieces travel alone


def _received(heard: Heard) -> Iterator[bytes]:
    while data := heard.peer.recv(65_536):
        yield from heard.take(data)
