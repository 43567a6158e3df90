"""What can be read off the relay's source: one place writes upstream, and only what is allowed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import pytest_ibkr.net.relay
from pytest_ibkr.guard.decision import Refuse
from pytest_ibkr.net.relay.gateway_side import GatewaySide
from pytest_ibkr.wire.messages.order import ReqGlobalCancel

PACKAGE = Path(pytest_ibkr.net.relay.__file__).parent
WRITES = {"write", "writelines", "send", "sendall", "sendto", "sendmsg", "sendfile", "write_eof"}
DIALS = {"create_connection", "open_connection", "connect", "connect_ex", "sock_connect"}
# Every function of the package that writes anywhere, and what to.
WRITERS = {
    "gateway_side.GatewaySide.forward": "the gateway, what the guard allowed",
    "gateway_side.GatewaySide._greet": "the gateway, the relay's own greeting",
    "client_side.ClientSide.write": "the program under test",
    "audit.AuditLog.write": "the audit log",
}
# The relay's own client has its own connection, of net.link; these speak through it.
OWN_DEALINGS = {
    "probe", "recheck", "comparison", "cleanup", "close_out", "working_orders", "dealings",
    "own_session",
}  # fmt: skip


def functions():
    """(dotted name, node) of every function of the package."""
    for path in sorted(PACKAGE.glob("*.py")):
        stack = [(path.stem, ast.parse(path.read_text("utf-8")))]
        while stack:
            name, node = stack.pop()
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    inner = f"{name}.{child.name}"
                    stack.append((inner, child))
                    if not isinstance(child, ast.ClassDef):
                        yield inner, child
                else:
                    stack.append((name, child))


def calls(node, names):
    return [
        each
        for each in ast.walk(node)
        if isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr in names
    ]


def test_the_functions_that_write_are_known():
    others = OWN_DEALINGS | {"stdio", "ledger", "file_mutex", "lock"}
    # AuditLog.write and ClientSide.write are calls of ours that end in a listed function.
    passing_on = {"relay", "self", "client", "log", "downward", "_client", "_relay"}
    found = set()
    for name, node in functions():
        if name.split(".")[0] in others:
            continue
        for call in calls(node, WRITES):
            target = call.func.value
            owner = target.attr if isinstance(target, ast.Attribute) else target.id
            if owner in passing_on and call.func.attr == "write":
                continue
            found.add(name)
    assert found == set(WRITERS)


def test_only_what_is_allowed_is_encoded_for_the_gateway():
    [forward] = [node for name, node in functions() if name.endswith("GatewaySide.forward")]
    assert [each.annotation.id for each in forward.args.args[1:]] == ["Allow"]
    [written] = calls(forward, {"write"})
    assert ast.unparse(written.args[0]) == "data"
    assigned = [
        ast.unparse(each)
        for each in ast.walk(forward)
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "data"
    ]
    assert assigned == ["data = encode_frame(allowed.message, self.version)"]


def test_one_function_forwards_and_the_guard_alone_allows():
    callers = {name for name, node in functions() if calls(node, {"forward"})}
    assert callers == {"upward.Upward._forward"}
    for path in [*PACKAGE.glob("*.py"), *PACKAGE.parent.glob("*.py")]:
        text = path.read_text("utf-8")
        made = [
            each
            for each in ast.walk(ast.parse(text))
            if isinstance(each, ast.Call) and ast.unparse(each.func).split(".")[-1] == "Allow"
        ]
        assert made == [], path.name


def test_what_is_forwarded_comes_from_the_guard_in_the_same_step():
    """Each way to ``_forward`` goes through ``_obey``, which returns what ``decide`` allowed."""
    nodes = dict(functions())
    ways = {name for name, node in nodes.items() if calls(node, {"_forward"})}
    assert ways == {"upward.Upward._judge", "upward.Upward._order"}
    for name in ways:
        assert calls(nodes[name], {"_obey"}), name
    obey = nodes["upward.Upward._obey"]
    returned = {ast.unparse(each) for each in ast.walk(obey) if isinstance(each, ast.Return)}
    assert returned == {"return decision", "return None"}
    source = ast.unparse(obey)
    assert source.count("decision = ") == 1
    assert "decision = decide(payload, client=client.state" in source


def test_the_functions_that_dial_are_known():
    found = {name for name, node in functions() if calls(node, DIALS)}
    assert found == {"gateway_side.GatewaySide.open"}
    links = {
        name.split(".")[0]
        for name, node in functions()
        for call in calls(node, {"open"})
        if ast.unparse(call.func) == "Link.open"
    }
    assert links <= OWN_DEALINGS


def test_no_name_is_resolved():
    for path in PACKAGE.glob("*.py"):
        assert "getaddrinfo" not in path.read_text("utf-8"), path.name


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        self.written.append(data)


@pytest.mark.parametrize("thing", [ReqGlobalCancel(), b"58\0001\0", Refuse("a", "b", "c"), None])
def test_the_writer_sends_nothing_that_is_no_allowance(thing):
    side, wire = GatewaySide(None, lowest=151, highest=200), Wire()
    side._transport, side.version = wire, 178
    assert side.forward(thing) == 0
    assert wire.written == []
