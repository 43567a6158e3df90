"""The clients people use, behaving badly: each careless call is refused as a read-only gateway
would, the gateway hears none of it, and the next decent order works.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.system.live.careless import READ_ONLY
from tests.system.live.paper_gateway import ROOT, paper_gateway
from tests.system.live.trading import USER_ID, the_user
from tests.system.live.under_relay import ordering, relay

pytestmark = [pytest.mark.ci, pytest.mark.timeout(240)]

PROGRAMS = ["careless_ibapi", "careless_ib_async"]
# A global cancel is answered with this session's cancels, of which there are none here.
SILENT = {"global cancel"}


@pytest.fixture(scope="module", params=PROGRAMS)
def ran(request, tmp_path_factory):
    """What a program was told, and what the gateway heard of it."""
    place = tmp_path_factory.mktemp(request.param)
    with paper_gateway() as gateway, the_user(gateway) as theirs, relay(gateway, place) as handle:
        with ordering(handle):
            done = subprocess.run(
                [
                    *(sys.executable, "-m", f"tests.system.live.{request.param}"),
                    *(handle.host, str(handle.port), "7003"),
                ],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        said["heard"] = gateway.order_requests()
        said["untouched"] = sorted(theirs) == sorted(gateway.working())
        return said


def test_every_careless_call_was_refused(ran):
    refused = {
        name: any(code == 321 and READ_ONLY in text for _id, code, text in told)
        for name, told in ran["told"].items()
        if name not in SILENT
    }
    assert [name for name, was in refused.items() if not was] == []


def test_the_gateway_heard_of_the_decent_order_only(ran):
    heard = [(r["name"], r["order_id"]) for r in ran["heard"] if r["client_id"] != USER_ID]
    assert heard == [("placeOrder", ran["good"]), ("cancelOrder", ran["good"])]
    assert ran["worked"]
    assert ran["cancelled"]


def test_the_users_own_orders_were_not_touched(ran):
    assert ran["untouched"]
