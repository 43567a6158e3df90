"""Our section and columns on pytest-html's page. Registered only where pytest-html is."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ibkr.report.collector import Collector
from pytest_ibkr.report.facts import title
from pytest_ibkr.report.html_section import (
    cells_of,
    link_to,
    masked_logs,
    script,
    section,
    style,
)
from pytest_ibkr.report.writer import Writer

_TEST, _LINKS = 1, -1  # pytest-html's columns, as of 4.0


class HtmlPlugin:
    """pytest-html's hooks, as https://pytest-html.readthedocs.io/en/latest/api_reference.html."""

    def __init__(self, writer: Writer, collector: Collector) -> None:
        self._writer, self._collector = writer, collector
        self._page: Any = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Keep the page's data: whether it is a rehearsal is known at the end only."""
        self._page = report
        report.title = "Live validation report"

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Put our section on top."""
        results, page = self._writer.results, self._writer.html_path
        if results is None or page is None:
            return
        if self._page is not None:
            self._page.title = title(results)
        ours = section(results, link_prefix=self._writer.link_prefix(page))
        prefix.insert(0, f"{style()}{ours}{script()}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Add the columns for requirements and wire."""
        cells[:] = [cell.replace("<th", '<th scope="col"', 1) for cell in cells]
        cells[_TEST + 1 : _TEST + 1] = [
            '<th scope="col">Requirements</th>',
            '<th scope="col">Wire</th>',
        ]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Fill them, and link a failed test's wire timeline."""
        if not cells:  # another plugin took the row away
            return
        test = self._collector.rows.get(report.nodeid)
        cells[_TEST + 1 : _TEST + 1] = cells_of(test)
        page = self._writer.html_path
        if page is not None:
            link = link_to(test, link_prefix=self._writer.link_prefix(page))
            cells[_LINKS] = cells[_LINKS].replace("</td>", f"{link}</td>")

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, data: list[str]) -> None:
        """Mask account ids in captured output."""
        data[:] = masked_logs(data)
