"""What every test needs whoever started it."""

from __future__ import annotations

import signal

import pytest

# A shell starts background jobs with Ctrl-C ignored, and every child inherits that; tests that interrupt need it back.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Recovery and size studies take minutes: they run when they are asked for."""
    parser.addoption("--run-slow", action="store_true", help="run the tests marked slow, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow tests out unless asked."""
    if config.getoption("--run-slow"):
        return
    skip = pytest.mark.skip(reason="slow: make test-slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
