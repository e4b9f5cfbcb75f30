"""The streams of ipykernel, which can also say when all that was written to their file descriptors has arrived."""

from __future__ import annotations

import os
import select
import struct
import sys
import threading
import time
from collections.abc import Callable
from fcntl import ioctl
from termios import FIONREAD

from ipykernel.iostream import OutStream as KernelStream

from shnor_analysis.batch.warm.wire import READ_BYTES

LOOK_SECONDS = 0.0002


class OutStream(KernelStream):
    """A stream of ipykernel that can say when everything written to its file descriptor has arrived."""

    def _watch_pipe_fd(self) -> None:
        if self._fid is None:
            return
        self._reading = threading.Lock()
        try:
            while self._should_watch:
                select.select([self._fid], [], [])
                with self._reading:
                    piece = os.read(self._fid, READ_BYTES)
                    if not piece or not self._should_watch:
                        return
                    self.write(piece.decode(errors="replace"))
                os.write(self._original_stdstream_copy, piece)
        except OSError:
            self._exc = sys.exc_info()

    def drain(self) -> None:
        """Return when nothing that was written to the file descriptor is still on its way."""
        while self._fid is not None and hasattr(self, "_reading"):
            with self._reading:
                if struct.unpack("i", ioctl(self._fid, FIONREAD, b"\0" * 4))[0] == 0:
                    return
            time.sleep(LOOK_SECONDS)


OutStream.__module__ = KernelStream.__module__


def drain() -> None:
    """Wait until what was written to the file descriptors 1 and 2 has become output."""
    for stream in (sys.stdout, sys.stderr):
        drain: Callable[[], None] | None = getattr(stream, "drain", None)
        if drain is not None:
            drain()
