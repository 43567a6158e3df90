"""What collecting came to counts: files that cannot be imported, gate tests that never ran."""

from __future__ import annotations

import pytest

from tests.report.project import SUITE, document, reports, run

pytestmark = pytest.mark.ci

BROKEN = "import pytest, no_such_module\npytestmark = pytest.mark.live\ndef test_live(): pass\n"


@pytest.mark.req("LV-027")
@pytest.mark.parametrize(
    "options", [("-n", "2"), ("--continue-on-collection-errors",), ()], ids=["xdist", "on", "stop"]
)
def test_a_gate_file_that_cannot_be_imported_fails_the_gate(
    pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    pytester.path.joinpath("test_broken.py").write_text(BROKEN, encoding="utf-8")
    result = run(pytester, SUITE, *options, page=options != ())
    found = document(pytester)
    verdict = "REHEARSAL-FAILED" if options else "FAILED"  # stopped: no gateway was met
    assert found.gate.verdict == verdict
    assert "could not be collected: test_broken.py" in found.gate.reasons[0]
    assert found.gate.tests == 2
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines([f"gate: {verdict}*could not be collected: test_broken.py*"])
    for name in ("report.md", "report.html") if options else ("report.md",):
        text = (reports(pytester) / name).read_text(encoding="utf-8")
        assert "could not be collected: test_broken.py" in text, name


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["here", "in-workers"])
def test_gate_tests_that_an_early_end_left_out_count(
    pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    early = "import pytest\ndef test_first(): assert 0\n@pytest.mark.live\ndef test_gate(): pass\n"
    run(pytester, early, "-x", *options)
    found = document(pytester)
    assert (found.gate.verdict, found.gate.tests) == ("FAILED", 1)
    assert "1 did not run" in found.gate.reasons
