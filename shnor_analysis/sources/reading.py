"""Reads a file in a child process under limits; the parent survives whatever the file does to the reader."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from shnor_analysis.errors import InputRefused, Problem
from shnor_analysis.sources.cells import Column, ErrorCell, Sheet
from shnor_analysis.sources.percent_cells import as_shown
from shnor_analysis.sources.preflight import Preflight
from shnor_analysis.sources.spelling import clean

REFUSALS = {"PasswordError": "password_protected", "OpenQuoteError": "quote_not_closed"}
CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the child may use: address space in bytes, processor time and wall time in seconds."""

    memory_bytes: int = 2 << 30
    cpu_seconds: int = 60
    wall_seconds: float = 180.0


DEFAULT_LIMITS = Limits()


def read_sheets(path: Path, seen: Preflight, *, limits: Limits = DEFAULT_LIMITS) -> tuple[Sheet, ...]:
    """Read every sheet of a file in a child process.

    Parameters:
        path: The file.
        seen: What `check_file` saw of it: the reader itself reports neither error cells nor formats.
        limits: Of the child; where the system knows no limits only the wall time holds.

    Raises InputRefused: `reader_died` (aborted, out of memory), `reader_timeout`, `password_protected`,
    `quote_not_closed`, `workbook_broken`.
    """
    # The file has no name in any folder: cells with names are gone with the process, even when it is killed.
    with tempfile.TemporaryFile() as stream:
        command = [sys.executable, "-P", str(CHILD), str(path), "-"]
        command += [str(limits.memory_bytes), str(limits.cpu_seconds)]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.PIPE,  # its end wakes us at once; a process alone is asked every 50 ms
                timeout=limits.wall_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise InputRefused(Problem("reader_timeout", file=path.name)) from error
        if done.returncode != 0:
            raise InputRefused(Problem("reader_died", file=path.name))
        stream.seek(0)
        return _decode(stream, path, seen)


def _decode(stream: BinaryIO, path: Path, seen: Preflight) -> tuple[Sheet, ...]:
    described = json.loads(stream.readline())
    if "refused" in described:
        code = REFUSALS.get(described["refused"], "workbook_broken")
        cell = f"A{described['message']}" if code == "quote_not_closed" else None
        raise InputRefused(Problem(code, file=path.name, cell=cell))
    errors, percents = seen.errors, seen.percents
    sheets = [_sheet(stream, sheet, errors.get(sheet["name"], ())) for sheet in described["sheets"]]
    return tuple(as_shown(sheet, percents.get(sheet.name, {})) for sheet in sheets)


def _sheet(stream: BinaryIO, described: Mapping[str, Any], errors: tuple[ErrorCell, ...]) -> Sheet:
    first_row, rows_n = described["first_row"], described["rows_n"]
    columns = tuple(_column(stream, lengths, (first_row, rows_n)) for lengths in described["columns"])
    return Sheet(
        name=described["name"],
        is_hidden=described["is_hidden"],
        columns=columns,
        rows_n=first_row + rows_n,
        errors=errors,
    )


def _column(stream: BinaryIO, lengths: Mapping[str, int], span: tuple[int, int]) -> Column:
    """Numbers and texts of a column; a kind of cell that a column lacks takes no memory."""
    first_row, rows_n = span
    total = first_row + rows_n
    numbers: Any = np.broadcast_to(np.float64(np.nan), total)
    codes: Any = np.broadcast_to(np.int32(-1), total)
    texts: tuple[str, ...] = ()
    if "numbers" in lengths:
        block = np.frombuffer(stream.read(lengths["numbers"]), dtype=np.float64)
        numbers = np.concatenate([np.full(first_row, np.nan), block]) if first_row else block
    if "codes" in lengths:
        block = np.frombuffer(stream.read(lengths["codes"]), dtype=np.int32)
        raw = json.loads(stream.read(lengths["texts"]))
        # a text of letters and digits alone is clean; a column of codes has a hundred thousand of them
        cleaned = [text if text.isalnum() else clean(text) for text in raw]
        known = {text: code for code, text in enumerate(dict.fromkeys(cleaned))}
        turned = np.array([known[text] if text else -1 for text in cleaned], dtype=np.int32)
        codes = np.concatenate([np.full(first_row, -1, dtype=np.int32), turned[block]])
        texts = tuple(known)
    return Column(numbers, codes, texts)
