"""The harness's error tree; imports nothing of the harness.

IbkrError
├── WireError            the peer sent bytes that are not the TWS protocol
├── UsageError           the test's author asked for something impossible
│   ├── SettingsError    an option, variable, ini key or file value is wrong
│   ├── FaultNeverFired  a test passed without meeting the fault it is named after
│   ├── LiveRefused      the gateway may not be used: not paper, not listed, locked (exit 4)
│   └── NotInRecording   a program asked a replayed recording for what it does not have
├── GatewayError         the gateway (simulated or relayed) could not do its job
│   ├── GatewayUnreachable  no gateway answers at the configured endpoint
│   └── WaitTimeout      what a helper waited for never came
├── OverBudget           a test used more of a gateway's limits than its marker allows
├── OrderNotReached      an order did not get to the status a test expects (an AssertionError)
├── OrderRefused         the relay let a request of a test not pass (an AssertionError)
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


class LiveRefused(UsageError):
    """A gateway may not be used: endpoint, account, lock or version. Ends a run with exit code 4.

    Attributes:
        rule: dotted stable name of the rule that refused it (``"account.live"``).
    """

    def __init__(self, text: str, *, rule: str = "") -> None:
        super().__init__(text)
        self.rule = rule

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self),), {"rule": self.rule}


class GatewayError(IbkrError):
    """The gateway behind a test could not start, stop or answer."""


class GatewayUnreachable(GatewayError):
    """No gateway answers at the configured endpoint; the text names the likely causes."""


class WaitTimeout(GatewayError):
    """A helper waited for something on the wire and it never came."""


class OverBudget(IbkrError, AssertionError):
    """A test used more of a gateway's limits than its marker ``ibkr_budget`` allows."""


class OrderNotReached(IbkrError, AssertionError):
    """An order did not reach the status it was expected to reach; the text says why."""


class OrderRefused(IbkrError, AssertionError):
    """The relay refused what a test's program asked of the paper gateway; the text says why."""


class SnapshotError(IbkrError):
    """A snapshot is missing, broken or not complete enough for its use."""
