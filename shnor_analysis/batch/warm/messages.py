"""Messages of a kernel as bytes and back, without anything of IPython."""

from __future__ import annotations

import json
from typing import Any

from jupyter_client.jsonutil import parse_date
from jupyter_client.session import DELIM, Session

WIRE_KEY = b"wire"


def plain_session() -> Session:
    """A session whose key is no secret: a wire has two ends and no door."""
    return Session(key=WIRE_KEY)


def message_from(session: Session, parts: list[bytes]) -> dict[str, Any]:
    """The message that the parts of a wire carry."""
    _, rest = session.feed_identities(parts)
    message: dict[str, Any] = session.deserialize(rest)
    return message


def heard_message(parts: list[bytes]) -> dict[str, Any]:
    """The same for who only listens: unsigned, and of the dates only that of the message itself, which times a cell.

    Looking for dates in all that a kernel says takes longer than the rest of the reading.
    """
    _, header, parent, metadata, content, *buffers = parts[parts.index(DELIM) + 1 :]
    told = json.loads(header)
    told["date"] = parse_date(told.get("date"))
    return {
        "header": told,
        "msg_id": told["msg_id"],
        "msg_type": told["msg_type"],
        "parent_header": json.loads(parent),
        "metadata": json.loads(metadata),
        "content": json.loads(content),
        "buffers": [memoryview(one) for one in buffers],
    }
