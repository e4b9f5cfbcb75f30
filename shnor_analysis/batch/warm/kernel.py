"""ipykernel without its network: the shell, display, streams and comms are its own, the sockets are a wire.

Everything that a notebook can see is made by the classes that make it in a started kernel, so outputs are the same.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import random
import socket
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import zmq
from ipykernel.iostream import IOPubThread
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
from jupyter_core.paths import jupyter_runtime_dir
from traitlets import Any as Any_

from shnor_analysis.batch.warm import streams
from shnor_analysis.batch.warm.messages import message_from, plain_session
from shnor_analysis.batch.warm.wire import IOPUB, READ_BYTES, SHELL, Unpacker, WireSocket

INLINE_BACKEND = "module://matplotlib_inline.backend_inline"
Action = Callable[[], None]


def nothing() -> None:
    """What is done where nothing is to be done."""


class WarmKernel(IPythonKernel):
    """The kernel of IPython, asked through a wire by one client that sends one request after another."""

    debugger_class = Any_()
    after_cell: Action = staticmethod(nothing)

    @property
    def _supports_kernel_subshells(self) -> bool:
        return False

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing is ever queued behind a request."""

    def start(self) -> None:
        """Begin to answer; there is no debugger to be started."""
        if self.shell:
            self.shell.exit_now = False
        Kernel.start(self)

    @property
    def kernel_info(self) -> dict[str, Any]:
        """What this kernel is, without a look at the debugger."""
        with no_debugger():
            info: dict[str, Any] = super().kernel_info
        return info

    async def answer(self, stream: WireSocket, message: dict[str, Any]) -> None:
        """Do what a request asks and say busy and idle around it."""
        self.set_parent([], message)
        self._publish_status("busy", "shell")
        self.pre_handler_hook()
        try:
            await self.shell_handlers[message["header"]["msg_type"]](stream, [], message)
        except KeyboardInterrupt:
            self.log.warning("KeyboardInterrupt caught in kernel.")
        finally:
            self.post_handler_hook()
        streams.drain()
        self._publish_status("idle", "shell")

    def _publish_execute_input(self, code: str, parent: dict[str, Any], execution_count: int) -> None:
        """Say which cell begins, and that it was heard: the next line may be the last of this process."""
        super()._publish_execute_input(code, parent, execution_count)
        sys.stdout.flush()

    async def do_execute(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Run a cell; what it wrote to the file descriptors belongs to it."""
        reply: dict[str, Any] = await super().do_execute(*arguments, **options)
        streams.drain()
        self.after_cell()
        return reply


class WarmKernelApp(IPKernelApp):
    """The application around the kernel: reads the user's configuration and start-up files, opens no port."""

    name = "ipython-kernel"
    wire: socket.socket

    def init_connection_file(self) -> None:
        """There is none; the name stays for those who ask for it."""

    def init_poller(self) -> None:
        """Who forked this process watches it."""

    def init_heartbeat(self) -> None:
        """A process that is gone closes its wire."""

    def write_connection_file(self, **_: Any) -> None:
        """Nobody else can connect."""

    def log_connection_info(self) -> None:
        """Nobody else can connect."""

    def init_crash_handler(self) -> None:
        """Faults go to the one who forked this process."""

    def init_sockets(self) -> None:
        """Two channels of one wire in place of five ports."""
        self.context = zmq.Context()
        lock = threading.Lock()
        self.shell_channel = WireSocket(self.wire, SHELL, self.context, lock)
        self.configure_tornado_logger()
        self.iopub_thread = IOPubThread(
            WireSocket(self.wire, IOPUB, self.context, lock), pipe=True, session=self.session
        )
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket

    def init_kernel(self) -> None:
        """Make the one kernel of this process."""
        with no_debugger():
            self.kernel = WarmKernel.instance(
                parent=self,
                session=self.session,
                iopub_thread=self.iopub_thread,
                iopub_socket=self.iopub_socket,
                shell_channel_thread=SimpleNamespace(parent_thread=threading.main_thread()),
                log=self.log,
                profile_dir=self.profile_dir,
                user_ns=self.user_ns,
            )
        self.displayhook.get_execution_count = lambda: self.kernel.execution_count


def serve(
    wire: socket.socket, *, parent: str = "", after_cell: Action = nothing, when_ready: Action = nothing
) -> None:
    """Be the kernel of this process, in its main thread, until the client closes the wire.

    Only once in a process, and only in one that was forked for it.

    Args:
        wire: this end of it.
        parent: number of the process that a notebook shall see as the one that started its kernel.
        after_cell: called after each cell.
        when_ready: called before the first request is answered.
    """
    look_like_a_kernel(parent)
    app = WarmKernelApp.instance()
    app.wire = wire
    app.outstream_class = f"{streams.__name__}.OutStream"
    app.session = plain_session()
    app.config.HistoryManager.enabled = False
    app.initialize(sys.argv[1:])
    app.kernel.after_cell = after_cell
    when_ready()
    asyncio.set_event_loop(loop := asyncio.new_event_loop())
    loop.run_until_complete(_answer_all(app, wire))


async def _answer_all(app: WarmKernelApp, wire: socket.socket) -> None:
    requests: asyncio.Queue[Any] = asyncio.Queue()
    loop, unpacker = asyncio.get_running_loop(), Unpacker()

    def read() -> None:
        piece = wire.recv(READ_BYTES)
        for _, parts in unpacker.feed(piece):
            requests.put_nowait(message_from(app.session, parts))
        if not piece:
            loop.remove_reader(wire)
            requests.put_nowait(None)

    loop.add_reader(wire, read)
    app.kernel.start()
    while (message := await requests.get()) is not None:
        await app.kernel.answer(app.shell_channel, message)


def leave_kernel() -> None:
    """Give the streams and the display back to the process, which has other things to do."""
    for stream in (sys.stdout, sys.stderr):
        stream.close()
    WarmKernelApp.instance().reset_io()


def run_exit_functions() -> None:
    """Do what a notebook registered for the end; a forked process ends without it."""
    atexit._run_exitfuncs()


@contextmanager
def no_debugger() -> Iterator[None]:
    """Keep the debugger, which no client of a wire can ask for, out of the start of a kernel."""
    name = "ipykernel.debugger"
    known, stand_in = sys.modules.get(name), ModuleType(name)
    stand_in._is_debugpy_available = False  # type: ignore[attr-defined]
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        del sys.modules[name]
        if known is not None:
            sys.modules[name] = known


def look_like_a_kernel(parent: str = "") -> None:
    """Leave nothing of the parent in sight: arguments, import path, environment, random state, signals.

    `parent` is the number of the process that stands for it, where that is another.
    """
    import ipykernel_launcher

    if sys.path and sys.path[0] in {"", str(Path.cwd()), str(Path(sys.argv[0]).absolute().parent)}:
        del sys.path[0]
    logging.root.handlers.clear()
    logging.root.setLevel(logging.WARNING)
    name = Path(jupyter_runtime_dir()) / f"kernel-{uuid.uuid4()}.json"
    sys.argv = [str(ipykernel_launcher.__file__), "-f", str(name)]
    os.environ["JPY_PARENT_PID"] = parent or str(os.getppid())
    os.environ.setdefault("MPLBACKEND", INLINE_BACKEND)
    random.seed()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
