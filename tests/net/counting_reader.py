"""A process of its own that reads sockets as fast as they give and counts; nothing is decoded.

    python counting_reader.py PORT CLIENTS FIRST_CLIENT_ID

Prints ``ready`` once every client is started, then, whenever a line comes on standard input, the
bytes read so far and the CPU seconds spent, and ends with the input. Standard library only.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time


def frame(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + payload


def connect(port: int, client_id: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port))
    made.sendall(b"API\0" + frame(b"v100..200"))
    made.recv(65536)
    made.sendall(frame(f"71\x002\x00{client_id}\x00\x00".encode()))
    data = b""
    while b"secdef" not in data:  # the last of the greeting
        data += made.recv(65536)
    made.setblocking(False)
    return made


def main() -> None:
    port, clients, first = map(int, sys.argv[1:4])
    buffer, total = bytearray(1 << 20), 0
    with selectors.DefaultSelector() as waiting:
        sockets = [connect(port, first + number) for number in range(clients)]
        for each in sockets:
            waiting.register(each, selectors.EVENT_READ)
        waiting.register(sys.stdin, selectors.EVENT_READ)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            for key, _events in waiting.select():
                if key.fileobj is sys.stdin:
                    if not sys.stdin.readline():
                        return
                    sys.stdout.write(json.dumps([total, time.process_time()]) + "\n")
                    sys.stdout.flush()
                else:
                    total += key.fileobj.recv_into(buffer)  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
