"""A borrowed kernel on a wire, asked for the value of one expression after another."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shnor_analysis.batch.warm.messages import message_from, plain_session
from shnor_analysis.batch.warm.shared.borrowing import BorrowedKernel, borrow
from shnor_analysis.batch.warm.shared.surroundings import look_around
from shnor_analysis.batch.warm.wire import SHELL, Unpacker, pack

ANSWER_SECONDS = 60


class Asked:
    """The client's end."""

    def __init__(self, kernel: BorrowedKernel, wire: socket.socket) -> None:
        self.kernel, self._wire, self._session, self._unpacker = kernel, wire, plain_session(), Unpacker()
        wire.settimeout(ANSWER_SECONDS)

    def begin(self, code: str) -> None:
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        message = self._session.msg(
            "execute_request", {**content, "user_expressions": {}, "stop_on_error": True}
        )
        self._wire.sendall(pack(SHELL, self._session.serialize(message)))

    def ask(self, expression: str) -> Any:
        """The value of an expression, which must be a plain one."""
        self.begin(f"print(repr({expression}), end='')")
        said = ""
        while True:
            for _, parts in self._unpacker.feed(self._wire.recv(1 << 16)):
                message = message_from(self._session, parts)
                content = message["content"]
                assert message["msg_type"] != "error", content
                said += content["text"] if message["msg_type"] == "stream" else ""
                if content.get("execution_state") == "idle":
                    return eval(said, {"__builtins__": {}})


@contextmanager
def borrowed(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Iterator[Asked]:
    """A kernel of the shared server that is ended at the end."""
    here, there = socket.socketpair()
    kernel = borrow(look_around({**os.environ, **(environment or {})}, folder), wire=there.fileno())
    there.close()
    try:
        yield Asked(kernel, here)
    finally:
        kernel.end()
        here.close()
