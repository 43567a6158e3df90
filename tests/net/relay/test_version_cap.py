"""The relay, and whatever asks a real gateway, stay at text: they do not follow our newest version.

The guard judges bodies; the relay has no version for them until recordings mask what is in them.
"""

from __future__ import annotations

import inspect
from dataclasses import fields

from pytest_ibkr.net.link import Link
from pytest_ibkr.net.relay.cleanup import Upstream
from pytest_ibkr.net.relay.spec import NEWEST_RELAYED, RelaySpec
from pytest_ibkr.wire.versions import NEWEST, NEWEST_TEXT


def test_the_relay_keeps_its_own_cap() -> None:
    default = {field.name: field.default for field in fields(RelaySpec)}["newest_version"]

    assert NEWEST_RELAYED == default == 200 < NEWEST
    assert NEWEST_TEXT == 200


def test_what_cleans_up_and_what_captures_speak_text_too() -> None:
    cleanup = {field.name: field.default for field in fields(Upstream)}["newest_version"]
    asked = inspect.signature(Link.open).parameters["newest_version"].default

    assert cleanup == asked == NEWEST_RELAYED
