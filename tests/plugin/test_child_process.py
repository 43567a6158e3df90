"""ibkr.env: all that a program in a process of its own needs."""

from __future__ import annotations

import pytest

CHILD = """
import os
import threading

from ibapi.client import EClient
from ibapi.wrapper import EWrapper


class App(EWrapper, EClient):
    def __init__(self):
        EClient.__init__(self, self)

    def error(self, *_notice):
        pass

    def nextValidId(self, order_id):
        self.reqAccountSummary(1, "All", "TotalCashValue")

    def accountSummary(self, request_id, account, tag, value, currency):
        print("child", self.clientId, account == os.environ["IBKR_ACCOUNT"], tag, value, flush=True)

    def accountSummaryEnd(self, request_id):
        self.done = True
        self.disconnect()


app = App()
env = os.environ
app.connect(env["IBKR_HOST"], int(env["IBKR_PORT"]), int(env["IBKR_CLIENT_ID"]))
app.run()
"""


def test_a_child_process_connects_with_nothing_else(pytester: pytest.Pytester, run) -> None:
    pytester.makepyfile(child=CHILD)
    result = run(
        """
        import os
        import subprocess
        import sys
        from decimal import Decimal

        def test_it(ibkr):
            ibkr.account.set_cash(Decimal(12345))
            done = subprocess.run([sys.executable, "child.py"], env=os.environ | ibkr.env,
                                  capture_output=True, text=True, timeout=30)
            assert done.returncode == 0, done.stderr
            said = done.stdout.split()
            assert said[:4] == ["child", str(ibkr.client_id), "True", "TotalCashValue"]
            assert Decimal(said[4]) == 12345
            [asked] = ibkr.journal.requests("startApi")
            assert asked.client_id == ibkr.client_id
        """
    )
    result.assert_outcomes(passed=1)


def test_two_gateways_two_children_at_once(pytester: pytest.Pytester, run) -> None:
    pytester.makepyfile(child=CHILD)
    result = run(
        """
        import asyncio
        import os
        import sys

        async def child(session):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "child.py", env=os.environ | session.env,
                stdout=asyncio.subprocess.PIPE)
            said, _nothing = await asyncio.wait_for(process.communicate(), 30)
            return process.returncode, said.split()[:3]

        def test_it(ibkr_gateway_factory):
            sessions = [ibkr_gateway_factory(), ibkr_gateway_factory(account="DU0000002")]

            async def both():
                return await asyncio.gather(*map(child, sessions))

            expected = [(0, [b"child", str(s.client_id).encode(), b"True"]) for s in sessions]
            assert asyncio.run(both()) == expected
        """
    )
    result.assert_outcomes(passed=1)
