"""A real browser driven through its debugging pipe: what a page shows, says and asks for.

Source: Chrome DevTools Protocol, https://chromedevtools.github.io/devtools-protocol/.
"""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PHONE, DESKTOP = (390, 844), (1300, 1000)
_WITHIN_S = 60.0
# The browser reads commands from descriptor 3 and writes to 4; ours may be any.
_AS_3_AND_4 = """
import fcntl, os, sys
ours = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3]]
os.dup2(ours[0], 3), os.dup2(ours[1], 4)
os.closerange(5, 64)
os.execv(sys.argv[3], sys.argv[3:])
"""
_KEYS = {"Enter": (13, "\r"), " ": (32, " "), "Tab": (9, "")}


class Page:
    """One page in a headless Chromium; a context manager.

    Attributes:
        complaints: what the console was told as warning or error, and exceptions.
        asked: addresses the page asked for, its own first.
    """

    def __init__(self, browser: str, page: Path, profile: Path) -> None:
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self._url, self._profile = page.as_uri(), profile
        self._browser, self._number, self._buffer = browser, 0, b""
        self._session = ""
        self._loaded = False

    def __enter__(self) -> Self:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
        command = [
            *(sys.executable, "-c", _AS_3_AND_4, str(theirs_in), str(theirs_out)),
            *(self._browser, "--remote-debugging-pipe", *options),
            *(f"--user-data-dir={self._profile}", "about:blank"),
        ]
        self._process = subprocess.Popen(
            command,
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            self._attach()
        except BaseException:
            self._stop()
            raise
        return self

    def _attach(self) -> None:
        target = self.tell("Target.createTarget", url="about:blank")["targetId"]
        attached = self.tell("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.tell(f"{domain}.enable")

    def _stop(self) -> None:
        os.close(self._out)  # the browser ends with its pipe
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)
        os.close(self._in)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def look(self, size: tuple[int, int], *, scheme: str = "light", media: str = "screen") -> None:
        """Load the page in a window of that size, for a reader with that preference."""
        width, height = size
        view = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.tell("Emulation.setDeviceMetricsOverride", **view)
        preferred = [{"name": "prefers-color-scheme", "value": scheme}]
        self.tell("Emulation.setEmulatedMedia", media=media, features=preferred)
        self._loaded = False
        self.tell("Page.navigate", url=self._url)
        until = time.perf_counter() + _WITHIN_S
        while not self._loaded:
            self._hear(until)

    def ask(self, expression: str) -> Any:
        """Return what a JavaScript expression, or its promise, comes to on the page."""
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        told = self.tell("Runtime.evaluate", **asked)
        if "exceptionDetails" in told:
            raise AssertionError(told["exceptionDetails"])
        return told["result"].get("value")

    def press(self, key: str) -> None:
        """Press and release a key."""
        code, text = _KEYS[key]
        name = "Space" if key == " " else key
        common = {"key": key, "code": name, "windowsVirtualKeyCode": code}
        self.tell("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.tell("Input.dispatchKeyEvent", type="keyUp", **common)

    def shoot(self, path: Path, *, most_height: int = 6000) -> None:
        """Write the whole page as a picture."""
        size = self.tell("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "scale": 1}
        clip["height"] = min(size["height"], most_height)
        told = self.tell("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(told["data"]))

    def tell(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command and return its result."""
        self._number += 1
        command: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            command["sessionId"] = self._session
        os.write(self._out, json.dumps(command).encode() + b"\0")
        until = time.perf_counter() + _WITHIN_S
        while True:
            message = self._hear(until)
            if message.get("id") == self._number:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                result: dict[str, Any] = message["result"]
                return result

    def _hear(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0.0, until - time.perf_counter()))
            if not ready:
                raise TimeoutError(f"the browser said nothing for {_WITHIN_S:g} s")
            chunk = os.read(self._in, 1 << 20)
            if not chunk:
                raise EOFError("the browser has ended")
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.complaints.append(str(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["text"])
