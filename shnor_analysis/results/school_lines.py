"""A line a school in one file, and where each line starts: a page of one school reads some kilobytes, however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from shnor_analysis.files import atomic_path, write_text

LINES, PLACES = "schools.jsonl", "schools.json"


def store_lines(folder: Path, lines: Iterable[tuple[str, object]], *, told: Mapping[str, object]) -> None:
    """Write a line of JSON a school, and where each starts; the latter last, so that a folder with it is complete.

    Args:
        folder: Where the two files go.
        lines: School and what is known of it, as JSON can write it.
        told: What holds for all schools; kept beside the places.
    """
    places: dict[str, tuple[int, int]] = {}
    with atomic_path(folder / LINES) as part, part.open("wb") as out:
        for school_id, known in lines:
            line = json.dumps(known, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
            places[school_id] = (out.tell(), len(line))
            out.write(line + b"\n")
    write_text(folder / PLACES, json.dumps({**told, "places": places}, ensure_ascii=False) + "\n")


def read_lines(folder: Path, school_ids: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What holds for all schools, and the lines of some schools by school; one without a line is left out.

    Raises:
        FileNotFoundError: A file is missing.
    """
    index: dict[str, Any] = json.loads((folder / PLACES).read_text(encoding="utf-8"))
    places = index.pop("places")
    found = {}
    with (folder / LINES).open("rb") as lines:
        for school_id in school_ids:
            if school_id in places:
                start, length = places[school_id]
                lines.seek(start)
                found[school_id] = json.loads(lines.read(length))
    return index, found


def raw_lines(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What holds for all schools, and every school's line as it is written, for who only asks whether it changed.

    Raises:
        FileNotFoundError: A file is missing.
    """
    index: dict[str, Any] = json.loads((folder / PLACES).read_text(encoding="utf-8"))
    written = (folder / LINES).read_bytes()
    places: dict[str, tuple[int, int]] = index.pop("places")
    return index, {code: written[start : start + length] for code, (start, length) in places.items()}
