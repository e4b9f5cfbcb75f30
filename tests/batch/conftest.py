"""Shared servers of the tests: in a folder of their own, ended with them."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_servers() -> Iterator[Path]:
    """A folder with a short name, as sockets need."""
    folder = Path(tempfile.mkdtemp(prefix="warm-", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        patch.setenv("SHNOR_WARM_MINUTES", "3")
        yield folder
    for pid in folder.rglob("*.pid"):
        with suppress(ProcessLookupError, ValueError):
            os.kill(int(pid.read_text()), signal.SIGTERM)
    shutil.rmtree(folder, ignore_errors=True)
