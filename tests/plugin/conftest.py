"""Inner pytest runs that see nothing of the run around them."""

from __future__ import annotations

import os

# A run inside this process unloads what it loaded, and numpy refuses to be loaded twice.
import exchange_calendars  # noqa: F401
import pytest

QUIET = ("-p", "no:randomly", "-p", "no:benchmark", "-p", "no:cacheprovider")
# pytest-asyncio warns in projects that have no async tests: these are switched on where needed.
NO_ASYNC = ("-p", "no:asyncio", "-p", "no:anyio")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the outer run, and none of a CI machine, reaches an inner one."""
    for name in [name for name in os.environ if name.startswith(("IBKR_", "PYTEST_", "CI"))]:
        if name != "PYTEST_CURRENT_TEST":
            monkeypatch.delenv(name)


@pytest.fixture
def run(pytester: pytest.Pytester):
    """Run pytest in this process over one test file; returns the result."""

    def run(source: str, *args: str, ini: str = "") -> pytest.RunResult:
        pytester.makeini(f"[pytest]\n{ini}")
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess(*QUIET, *NO_ASYNC, *args)

    return run
