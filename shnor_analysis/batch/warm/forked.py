"""A forked kernel in the shape of `subprocess.Popen`, which is what Jupyter's clients know to handle."""

from __future__ import annotations

import signal
import subprocess
import time
from abc import ABC, abstractmethod

LOOK_SECONDS = 0.01


class ForkedKernel(ABC):
    """What follows from being asked for an exit code and being signalled."""

    stdin = stdout = stderr = None
    pid: int
    returncode: int | None

    @abstractmethod
    def poll(self) -> int | None:
        """Its exit code, None while it runs."""

    @abstractmethod
    def send_signal(self, number: int) -> None:
        """Signal it; one that is gone hears nothing."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has one.

        Raises:
            subprocess.TimeoutExpired: it still runs after `timeout` seconds.
        """
        limit = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if limit is not None and time.monotonic() > limit:
                raise subprocess.TimeoutExpired("kernel", timeout or 0.0)
            time.sleep(LOOK_SECONDS)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)
