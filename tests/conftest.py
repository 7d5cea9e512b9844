"""Strict mode: where ``CITYTWIN_STRICT`` is set, a skipped test is a failure."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

pytest_plugins = ["tests.lizhou"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure that says why it was skipped."""
    report = yield
    if report.skipped and os.environ.get("CITYTWIN_STRICT"):
        report.outcome = "failed"
        report.longrepr = f"skipped in strict mode: {item.nodeid}: {call.excinfo and call.excinfo.value}"
    return report
