"""A kernel with its ports as a fork of this very process, in whose group it stays and with which it ends."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
from collections.abc import Sequence
from contextlib import suppress

from shnor_analysis.batch.warm.forked import ForkedKernel
from shnor_analysis.batch.warm.forking import PR_SET_PDEATHSIG, fork


def fork_own(arguments: Sequence[str]) -> OwnFork:
    """Fork a kernel with the arguments of ipykernel."""
    pid = fork()
    if pid == 0:
        _be_kernel(arguments)
    return OwnFork(pid)


class OwnFork(ForkedKernel):
    """A child of this process as `subprocess` would show it."""

    def __init__(self, pid: int) -> None:
        """Watch over a child."""
        self.pid, self.returncode = pid, None

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Signal it; one that is gone hears nothing."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _be_kernel(arguments: Sequence[str]) -> None:
    from shnor_analysis.batch.warm.kernel import run_exit_functions
    from shnor_analysis.batch.warm.port_kernel import serve_ports

    code = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        asyncio.set_event_loop(asyncio.new_event_loop())  # the parent's is in the middle of its work
        serve_ports(arguments)
        run_exit_functions()
        code = 0
    finally:
        os._exit(code)
