"""The client of a kernel on a wire: nbclient and papermill do the work, only the way of the messages is another."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty
from typing import Any, Protocol

from nbclient.util import run_sync
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient

from shnor_analysis.batch.warm.messages import heard_message, plain_session
from shnor_analysis.batch.warm.wire import READ_BYTES, SHELL, Unpacker, pack

LOOK_SECONDS = 0.002
FAREWELL_SECONDS = 5.0
OUTPUT_FIELDS = {
    "stream": ("name", "text"),
    "display_data": ("metadata", "data"),
    "execute_result": ("metadata", "data", "execution_count"),
}
TURNS = 3  # of the loop, until a task that waits for a message has ended


class Channel:
    """Messages of one channel, waited for and sent as nbclient does."""

    def __init__(self, listen: Callable[[], None], send: Callable[[dict[str, Any]], None]) -> None:
        """Nothing has arrived yet; `listen` sees to it that something will."""
        self._listen, self.send = listen, send
        self.arrived: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next message; Empty when none came in time."""
        self._listen()
        try:
            message = await asyncio.wait_for(self.arrived.get(), timeout)
        except TimeoutError:
            raise Empty from None
        if message is None:  # closed; who still waits here waits for nothing
            raise asyncio.CancelledError
        return message


class KernelProcess(Protocol):
    """Where the kernel at the other end of a wire runs."""

    def is_alive(self) -> bool:
        """Whether it still runs."""

    def interrupt(self) -> None:
        """Stop the cell that runs, if one does."""


class WireClient:
    """The part of a kernel client that nbclient uses."""

    allow_stdin = False

    def __init__(self, wire: socket.socket, kernel: KernelProcess) -> None:
        """Talk over a wire to a kernel."""
        self.shell_channel, self.iopub_channel = (Channel(self._listen, self._send) for _ in range(2))
        self.session = plain_session()
        self._wire, self._unpacker, self._kernel = wire, Unpacker(), kernel
        self._is_at_end = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def execute(self, code: str, *, store_history: bool, stop_on_error: bool) -> str:
        """Ask for a cell; the number of the request."""
        content = {
            "code": code,
            "silent": False,
            "store_history": store_history,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": stop_on_error,
        }
        return self._ask("execute_request", content)

    def kernel_info(self) -> str:
        """Ask what the kernel is; the number of the request."""
        return self._ask("kernel_info_request", {})

    async def is_alive(self) -> bool:
        """Whether the process of the kernel still runs."""
        return self._kernel.is_alive()

    async def close(self) -> None:
        """Let the kernel go as papermill does: interrupt it, ask it to end, hear its last words."""
        self._kernel.interrupt()
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_WR)
        limit = time.monotonic() + FAREWELL_SECONDS
        while not self._is_at_end and self._kernel.is_alive() and time.monotonic() < limit:
            await asyncio.sleep(LOOK_SECONDS)
        if self._loop is not None:
            self._loop.remove_reader(self._wire)
        self._wire.close()
        for channel in (self.shell_channel, self.iopub_channel):
            channel.arrived.put_nowait(None)
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def _ask(self, kind: str, content: dict[str, Any]) -> str:
        message = self.session.msg(kind, content)
        self._send(message)
        return str(message["header"]["msg_id"])

    def _send(self, message: dict[str, Any]) -> None:
        packed = pack(SHELL, self.session.serialize(message))
        with suppress(OSError):  # the kernel is dead; whoever waits for the answer will see it
            self._wire.sendall(packed)

    def _listen(self) -> None:
        """Read whenever nbclient's loop runs."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._wire, self._read)

    def _read(self) -> None:
        try:
            piece = self._wire.recv(READ_BYTES)
        except OSError:
            piece = b""
        if not piece and self._loop is not None:
            self._is_at_end = True
            self._loop.remove_reader(self._wire)
        for channel, parts in self._unpacker.feed(piece):
            place = self.shell_channel if channel == SHELL else self.iopub_channel
            place.arrived.put_nowait(heard_message(parts))


def is_sound(kind: str, content: dict[str, Any]) -> bool:
    """Whether the content of a message is without doubt an output of the notebook format; nbformat looks at all others."""
    if kind == "stream":
        return content.keys() == {"name", "text"} and all(type(one) is str for one in content.values())
    if kind not in OUTPUT_FIELDS or not isinstance(content["metadata"], dict):
        return False
    return all(type(one) is str for one in content["data"].values())


class WarmNotebookClient(PapermillNotebookClient):  # type: ignore[misc]  # papermill has no types
    """Papermill's client with a kernel that is there already."""

    def __init__(self, nb_man: Any, *, kernel: WireClient, **options: Any) -> None:
        """Take papermill's options; `kernel` is closed at the end."""
        super().__init__(nb_man, **options)
        self._kernel = kernel

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
        """Take an output as nbclient does; one that is seen at once to be sound is not held against the schema."""
        is_plain = not (
            display_id
            or self.clear_before_next_output
            or self.output_hook_stack[msg["parent_header"].get("msg_id")]
        )
        if not is_plain or not is_sound(msg["msg_type"], msg["content"]):
            return super().output(outs, msg, display_id, cell_index)
        fields = {name: msg["content"][name] for name in OUTPUT_FIELDS[msg["msg_type"]]}
        outs.append(NotebookNode(output_type=msg["msg_type"], **fields))
        return outs[-1]

    @contextmanager
    def setup_kernel(self, **_: Any) -> Iterator[None]:
        """Nothing to start and nothing to wait for."""
        self.kc: WireClient | None = self._kernel
        try:
            yield
        finally:
            run_sync(self._kernel.close)()
            self.kc = None
