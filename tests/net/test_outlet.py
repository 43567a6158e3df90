"""Torn bytes: written piece by piece, in order, and whole when the connection ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_ibkr.net.outlet import GAP_S, Outlet


class Loop:
    """What was written, and what is planned."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.planned: list[tuple[float, Callable[[], None]]] = []
        self.outlet = Outlet(self.written.append, lambda s, act: self.planned.append((s, act)))

    def turn(self) -> None:
        _delay_s, act = self.planned.pop(0)
        act()


@pytest.fixture
def loop() -> Loop:
    return Loop()


def test_one_piece_is_written_at_once(loop: Loop) -> None:
    loop.outlet.send([b"whole"])
    assert loop.written == [b"whole"]
    assert loop.planned == []


def test_pieces_have_a_moment_between_them(loop: Loop) -> None:
    loop.outlet.send([b"a", b"bb", b"ccc"])
    assert loop.written == [b"a"]
    assert loop.outlet.waiting_bytes == 5
    assert loop.planned[0][0] == GAP_S
    loop.turn()
    loop.turn()
    assert loop.written == [b"a", b"bb", b"ccc"]
    assert loop.planned == []


def test_what_comes_later_keeps_its_place(loop: Loop) -> None:
    loop.outlet.send([b"a", b"b"])
    loop.outlet.send([b"c"])
    loop.turn()
    loop.turn()
    assert loop.written == [b"a", b"b", b"c"]


def test_the_rest_can_be_taken_at_the_end(loop: Loop) -> None:
    loop.outlet.send([b"a", b"b", b"c"])
    assert loop.outlet.rest() == b"bc"
    loop.turn()
    assert loop.written == [b"a"]
    assert loop.planned == []
