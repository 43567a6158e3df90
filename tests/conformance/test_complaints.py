"""The net under every conformance test: what a client library complains of is not overlooked."""

from __future__ import annotations

import logging

import pytest

from tests.conformance.conftest import LOGGERS, Complaints, is_expected

DECODING = "diff len fields: 6 params: 5"


@pytest.mark.parametrize("library", LOGGERS)
def test_a_warning_of_any_of_its_modules_is_kept(complaints: Complaints, library: str) -> None:
    logging.getLogger(f"{library}.decoder").warning(DECODING)
    logging.getLogger(f"{library}.client").info("sent startApi")

    assert complaints.lines == [f"{library}.decoder: {DECODING}"]


@pytest.mark.parametrize(
    ("line", "codes", "expected"),
    [
        pytest.param("ib_async.wrapper: Error 202, reqId 5: Order", {202}, True, id="provoked"),
        pytest.param("ib_async.wrapper: Error 201, reqId 5: Order", {202}, False, id="another"),
        pytest.param(f"ibapi.decoder: {DECODING}", {202}, False, id="decoding"),
        pytest.param("ib_async.ib: positions request timed out", {202}, False, id="time-out"),
    ],
)
def test_only_lines_that_repeat_a_provoked_error_are_forgiven(
    line: str, codes: set[int], expected: bool
) -> None:
    assert is_expected(line, codes) is expected
