"""Messages of a kernel through a pair of sockets of one machine: no ports, no waiting for subscribers."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterable, Iterator
from typing import Any

HEAD = struct.Struct("!cH")
LENGTH = struct.Struct("!Q")
READ_BYTES = 1 << 16
SHELL, IOPUB = b"s", b"p"
Message = tuple[bytes, list[bytes]]


def pack(channel: bytes, parts: Iterable[Any]) -> bytes:
    """One message as bytes: the channel, the number of parts, each part after its length."""
    plain = [bytes(getattr(part, "bytes", part)) for part in parts]
    return HEAD.pack(channel, len(plain)) + b"".join(LENGTH.pack(len(part)) + part for part in plain)


class Unpacker:
    """Puts messages together from whatever pieces arrive."""

    def __init__(self) -> None:
        """Nothing has arrived yet."""
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> Iterator[Message]:
        """Add a piece; yield the messages that are whole now."""
        self._buffer += piece
        while (whole := self._one()) is not None:
            message, size = whole
            del self._buffer[:size]
            yield message

    def _one(self) -> tuple[Message, int] | None:
        if len(self._buffer) < HEAD.size:
            return None
        channel, count = HEAD.unpack_from(self._buffer)
        place, parts = HEAD.size, []
        for _ in range(count):
            if len(self._buffer) < place + LENGTH.size:
                return None
            (length,) = LENGTH.unpack_from(self._buffer, place)
            place += LENGTH.size
            if len(self._buffer) < place + length:
                return None
            parts.append(bytes(self._buffer[place : place + length]))
            place += length
        return (channel, parts), place


class WireSocket:
    """One channel of a wire with the few methods that ipykernel asks of a ZeroMQ socket."""

    def __init__(self, wire: socket.socket, channel: bytes, context: Any, lock: threading.Lock) -> None:
        """Channels of one wire share its lock: a message is never cut by another."""
        self.context = context
        self._wire, self._channel, self._lock = wire, channel, lock

    def send_multipart(self, parts: Iterable[Any], *_: Any, **__: Any) -> None:
        """Send one message; a client that is gone loses it, as with ZeroMQ."""
        packed = pack(self._channel, parts)
        try:
            with self._lock:
                self._wire.sendall(packed)
        except OSError:
            return

    def close(self) -> None:
        """Nothing to do: the wire belongs to the one who made it."""
