"""What each finished unit of a run showed, in the finisher's own words: kept with the run, for comparing two runs.

The finisher says it as one text, which nobody here reads: it is stored packed, a line a unit. A later run replaces the
unit's folder, but not what the earlier one showed.
"""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path

NUMBERS_NAME = "numbers.jsonl"


def keep_numbers(run_folder: Path, unit_id: str, shown: str) -> None:
    """Append what a unit showed; nothing for a finisher that said nothing."""
    if not shown:
        return
    packed = base64.b64encode(zlib.compress(shown.encode("utf-8", "backslashreplace"))).decode("ascii")
    with (run_folder / NUMBERS_NAME).open("ab") as stream:
        # the empty line ends one that a crash may have cut
        stream.write(b"\n" + json.dumps({"unit_id": unit_id, "shown": packed}).encode("ascii") + b"\n")


def read_numbers(run_folder: Path) -> dict[str, str]:
    """What the units of a run showed, by unit: the last word where one was made twice."""
    path = run_folder / NUMBERS_NAME
    found: dict[str, str] = {}
    for piece in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            told = json.loads(piece)
            found[told["unit_id"]] = zlib.decompress(base64.b64decode(told["shown"])).decode("utf-8")
        except (ValueError, zlib.error):  # cut by a crash, or empty
            continue
    return found
