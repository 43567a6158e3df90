"""The harness's error tree; imports nothing of the harness.

IbkrError
├── WireError            the peer sent bytes that are not the TWS protocol
├── UsageError           the test's author asked for something impossible
│   ├── SettingsError    an option, variable, ini key or file value is wrong
│   ├── FaultNeverFired  a test passed without meeting the fault it is named after
│   └── NotInRecording   a program asked a replayed recording for what it does not have
├── GatewayError         the gateway (simulated or relayed) could not do its job
│   └── WaitTimeout      what a helper waited for never came
├── OrderNotReached      an order did not get to the status a test expects (an AssertionError)
└── SnapshotError        a snapshot file is missing, broken or incomplete (see snapshot.errors)
"""

from __future__ import annotations


class IbkrError(Exception):
    """Base of everything the harness raises on purpose."""


class WireError(IbkrError):
    """Bytes from the peer do not follow the TWS protocol."""


class UsageError(IbkrError):
    """A test or a command asks for something that cannot be done."""


class SettingsError(UsageError):
    """An option, environment variable, ini key or configuration value is not acceptable."""


class FaultNeverFired(UsageError):
    """A fault was armed and its block ended, but nothing ever met it."""


class NotInRecording(UsageError):
    """A recording answers for the gateway and does not have what was asked."""


class GatewayError(IbkrError):
    """The gateway behind a test could not start, stop or answer."""


class WaitTimeout(GatewayError):
    """A helper waited for something on the wire and it never came."""


class OrderNotReached(IbkrError, AssertionError):
    """An order did not reach the status it was expected to reach; the text says why."""


class SnapshotError(IbkrError):
    """A snapshot is missing, broken or not complete enough for its use."""
