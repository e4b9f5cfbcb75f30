"""Stored gaps of schools: two tables as Parquet, all else as JSON, and back without loss."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from shnor_analysis.files import atomic_path, write_text
from shnor_analysis.results.school_effects import SIMILAR_COLUMNS, SchoolEffect, SchoolEffects, SimilarSchool

KIND = "school_effects"
EFFECTS, SIMILAR, SPEC = "effects.parquet", "similar.parquet", "spec.json"
TEXTS = ("school_id", "similar_id", "verdict", "reason")


def store_school_effects(result: SchoolEffects, folder: Path) -> None:
    """Write a result into a folder; `spec.json` last, so that a folder with one is complete."""
    _write(result.tidy(), folder / EFFECTS)
    _write(result.similar_table(), folder / SIMILAR)
    plain = {one.name: getattr(result, one.name) for one in fields(result) if one.name != "effects"}
    write_text(
        folder / SPEC,
        json.dumps({"kind": KIND, **plain}, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
    )


def load_school_effects(folder: Path) -> SchoolEffects:
    """Read a stored result.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: `spec.json` tells of another kind of result.
    """
    spec: dict[str, Any] = json.loads((folder / SPEC).read_text(encoding="utf-8"))
    if spec.pop("kind", None) != KIND:
        raise ValueError(f"{folder / SPEC} is no stored {KIND}")
    similar: dict[str, list[SimilarSchool]] = {}
    columns = _columns(folder / SIMILAR)
    for school_id, *like in zip(*(columns[name] for name in SIMILAR_COLUMNS), strict=True):
        similar.setdefault(school_id, []).append(SimilarSchool(*like))
    effects = tuple(
        SchoolEffect(**row, similar=tuple(similar.get(row["school_id"], ())))
        for row in _rows(folder / EFFECTS)
    )
    lists = {name: tuple(value) for name, value in spec.items() if isinstance(value, list)}
    return SchoolEffects(**{**spec, **lists}, effects=effects)


def _write(frame: pd.DataFrame, path: Path) -> None:
    texts = {name: "string" for name in TEXTS if name in frame}
    with atomic_path(path) as part:
        frame.astype(texts).to_parquet(part, index=False)


def _columns(path: Path) -> dict[str, list[Any]]:
    """Columns as plain values; an empty cell is None."""
    import pyarrow.parquet as pq

    told: dict[str, list[Any]] = pq.ParquetFile(path).read(use_threads=False).to_pydict()
    return told


def _rows(path: Path) -> list[dict[str, Any]]:
    """Rows as plain values: what is absent is None."""
    columns = _columns(path)
    return [
        {name: _absent(value) for name, value in zip(columns, row, strict=True)}
        for row in zip(*columns.values(), strict=True)
    ]


def _absent(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
