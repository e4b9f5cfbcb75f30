"""Who is at the other end of a socket, as the system says."""

from __future__ import annotations

import os
import socket
import struct

CREDENTIALS = struct.Struct("3i")


def is_same_user(connection: socket.socket) -> bool:
    """Whether the process at the other end belongs to this user."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    _, user, _ = CREDENTIALS.unpack(raw)
    return bool(user == os.getuid())
