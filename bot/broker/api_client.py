"""The official client with its own reader thread; version differences end here.

Works with ibapi 9.81 (text only, ``interpret(fields)``) and 10.x (binary ids and
protobuf from server version 201, ``interpret(fields, msgId)``).
"""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable
from typing import Any

from ibapi import comm
from ibapi.client import EClient
from ibapi.decoder import Decoder
from ibapi.server_versions import MAX_CLIENT_VER, MIN_CLIENT_VER

from bot.broker.connection import PlainConnection
from bot.broker.frames import RAW_ID_VERSION, FrameCutter, FrameError, frame

PROTOBUF_OFFSET = 200  # message ids above it carry a protobuf body
_DECODER_TAKES_ID = len(inspect.signature(Decoder.interpret).parameters) == 3
_CANCEL_ORDER_ARGUMENTS = len(inspect.signature(EClient.cancelOrder).parameters) - 2

FaultSink = Callable[[bytes, Exception], None]


class ApiClient(EClient):  # type: ignore[misc]
    """One connection: its socket, its reader thread, its decoder. Used once."""

    def __init__(
        self,
        wrapper: Any,
        *,
        on_version: Callable[[], None],
        on_fault: FaultSink,
        on_closed: Callable[[str], None],
        max_version: int | None = None,
    ) -> None:
        super().__init__(wrapper)
        logging.getLogger("ibapi").setLevel(logging.WARNING)  # INFO writes account ids
        self._on_version = on_version
        self._on_fault, self._on_closed = on_fault, on_closed
        self._max_version = min(MAX_CLIENT_VER, max_version or MAX_CLIENT_VER)
        self._thread: threading.Thread | None = None

    def open(self, host: str, port: int, *, client_id: int, timeout_s: float) -> None:
        """Connect and offer our versions; the reader thread takes it from there."""
        self.host, self.port, self.clientId = host, port, client_id
        connection = PlainConnection(host, port)
        connection.open(timeout_s)
        self.conn = connection
        self.decoder = Decoder(self.wrapper, None)
        self.setConnState(EClient.CONNECTING)
        name = f"ibkr-reader-{client_id}"
        self._thread = threading.Thread(target=self._read, name=name, daemon=True)
        self._thread.start()
        offer = f"v{MIN_CLIENT_VER}..{self._max_version}".encode("ascii")
        connection.sendMsg(b"API\0" + frame(offer))

    def close(self) -> None:
        """Close the socket and end the reader; a few milliseconds. May be called twice."""
        self.setConnState(EClient.DISCONNECTED)
        if self.conn is not None:
            self.conn.disconnect()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def disconnect(self) -> None:
        """As ``close``: the official one would reset the client under the reader."""
        self.close()

    def cancel_order(self, order_id: int) -> None:
        """``cancelOrder`` with the arguments this ibapi wants."""
        if _CANCEL_ORDER_ARGUMENTS == 0:
            self.cancelOrder(order_id)
            return
        try:
            from ibapi.order_cancel import OrderCancel
        except ImportError:  # 10.10 to 10.29 take the manual cancel time as text
            self.cancelOrder(order_id, "")
        else:
            self.cancelOrder(order_id, OrderCancel())

    def _read(self) -> None:
        reason = "the gateway closed the connection"
        cutter, connection = FrameCutter(), self.conn
        while data := connection.recvMsg():
            try:
                payloads = cutter.feed(data)
            except FrameError as error:
                reason = f"the stream is not cut into frames any more: {error}"
                break
            for payload in payloads:
                self._take(payload)
        self.setConnState(EClient.DISCONNECTED)
        connection.disconnect()
        self._on_closed(reason)

    def _take(self, payload: bytes) -> None:
        try:
            if self.serverVersion() is None:
                self._greet(payload)
            else:
                self._interpret(payload)
        except Exception as error:  # whatever a decoder trips over, the reader lives
            self._on_fault(payload, error)

    def _greet(self, payload: bytes) -> None:
        fields = comm.read_fields(payload)
        if len(fields) != 2:
            raise ValueError(f"expected the version frame, got {len(fields)} fields")
        self.connTime = fields[1].decode("utf-8", "replace")  # zone names come in GB2312, too
        version = int(fields[0])
        self.decoder.serverVersion = version
        self.serverVersion_ = version
        self.setConnState(EClient.CONNECTED)
        self._on_version()

    def _interpret(self, payload: bytes) -> None:
        if not _DECODER_TAKES_ID:
            self.decoder.interpret(comm.read_fields(payload))
            return
        if self.serverVersion() >= RAW_ID_VERSION:
            if len(payload) < 4:
                raise ValueError(f"a frame of {len(payload)} bytes has no message id")
            message_id, body = int.from_bytes(payload[:4], "big"), payload[4:]
        else:
            text, _, body = payload.partition(b"\0")
            message_id = int(text)
        if message_id > PROTOBUF_OFFSET:
            self.decoder.processProtoBuf(body, message_id - PROTOBUF_OFFSET)
        else:
            self.decoder.interpret(comm.read_fields(body), message_id)


OLDEST_VERSION = int(MIN_CLIENT_VER)
