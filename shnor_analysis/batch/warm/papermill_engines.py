"""Two engines of papermill over one kernel: in a forked process that papermill watches, or in this process."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any, Protocol

from papermill.engines import Engine
from papermill.log import logger

from shnor_analysis.batch.warm.client import KernelProcess, WarmNotebookClient, WireClient
from shnor_analysis.batch.warm.forking import fork, kill_group, leave_parent

CellStarts = Callable[[int], None]


class WireEngine(Engine):  # type: ignore[misc]  # papermill has no types
    """The kernel is another process that was forked for it; a crash or a late cell ends it alone."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, kernel: ForkedKernel, wire: socket.socket, **options: Any
    ) -> None:
        """Execute the cells as papermill's own engine does."""
        try:
            client_of(nb_man, wire, kernel=kernel, kernel_name=kernel_name, **options).execute()
        finally:
            kernel.end()


class InProcessEngine(Engine):  # type: ignore[misc]  # papermill has no types
    """The kernel is this process, once in its life; who forked it watches the time."""

    cell_starts: CellStarts | None = None

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """Execute the cells in the main thread, while papermill's client talks to them from another."""
        from shnor_analysis.batch.warm.kernel import leave_kernel, serve

        here, there = socket.socketpair()
        failures: list[BaseException] = []
        client = client_of(nb_man, here, kernel=_ThisProcess(), kernel_name=kernel_name, **options)
        client.on_cell_execute = cls._tell

        def talk() -> None:
            try:
                client.execute()
            except BaseException as error:
                failures.append(error)
                here.close()

        thread = threading.Thread(target=talk, name="client")
        thread.start()
        serve(there)
        there.close()
        thread.join()
        leave_kernel()
        if failures:
            raise failures[0]

    @classmethod
    def _tell(cls, cell: Any, cell_index: int) -> None:  # noqa: ARG003 - nbclient's names
        if cls.cell_starts is not None:
            cls.cell_starts(cell_index + 1)


class ForkedKernel(KernelProcess, Protocol):
    """A process that is ended when its notebook is."""

    def end(self) -> None:
        """End it with everything it started."""


def fork_here() -> tuple[ForkedKernel, socket.socket]:
    """A kernel that is a fork of this process, and this end of the wire to it."""
    here, there = socket.socketpair()
    pid = fork()
    if pid == 0:
        _be_kernel(here, there)
    there.close()
    return _Fork(pid), here


def fork_from_server() -> tuple[ForkedKernel, socket.socket]:
    """A kernel that is a fork of the shared server, and this end of the wire to it.

    Raises:
        NotForked: there is no such server, and none could be started.
    """
    from shnor_analysis.batch.warm.shared.borrowing import borrow
    from shnor_analysis.batch.warm.shared.surroundings import look_around

    here, there = socket.socketpair()
    try:
        kernel = borrow(look_around(os.environ, None), wire=there.fileno())
    except BaseException:
        here.close()
        raise
    finally:
        there.close()
    return kernel, here


class _Fork:
    """A forked kernel seen from its parent."""

    def __init__(self, pid: int) -> None:
        self._pid, self._is_over = pid, False

    def is_alive(self) -> bool:
        if not self._is_over:
            self._is_over = os.waitpid(self._pid, os.WNOHANG)[0] != 0
        return not self._is_over

    def interrupt(self) -> None:
        if self.is_alive():
            os.kill(self._pid, signal.SIGINT)

    def end(self) -> None:
        kill_group(self._pid)
        if not self._is_over:
            os.waitpid(self._pid, 0)


class _ThisProcess:
    """The kernel as a part of this process, whose time is watched from outside."""

    def is_alive(self) -> bool:
        return True

    def interrupt(self) -> None:
        return


def _be_kernel(here: socket.socket, there: socket.socket) -> None:
    from shnor_analysis.batch.warm.kernel import run_exit_functions, serve

    code = 1
    try:
        leave_parent()
        here.close()
        serve(there)
        run_exit_functions()
        code = 0
    finally:
        os._exit(code)


def client_of(  # noqa: PLR0913 - the options are papermill's
    nb_man: Any,
    wire: socket.socket,
    *,
    kernel: KernelProcess,
    kernel_name: str,
    log_output: bool = False,
    start_timeout: int = 60,
    execution_timeout: int | None = None,
    stdout_file: Any = None,
    stderr_file: Any = None,
    **others: Any,
) -> WarmNotebookClient:
    """Papermill's client on a wire, with the options that papermill's own engine gives it."""
    unused = {"input_path", "timeout", "startup_timeout"}
    return WarmNotebookClient(
        nb_man,
        kernel=WireClient(wire, kernel),
        kernel_name=kernel_name,
        timeout=execution_timeout or others.get("timeout"),
        startup_timeout=start_timeout,
        log=logger,
        log_output=log_output,
        stdout_file=stdout_file,
        stderr_file=stderr_file,
        **{name: value for name, value in others.items() if name not in unused},
    )
