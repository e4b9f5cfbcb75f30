"""A stored factor analysis: associations and shares as Parquet, all else as JSON, and back without loss."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from shnor_analysis.files import atomic_path, write_text
from shnor_analysis.results import Estimate, NotEstimable
from shnor_analysis.results.factor_influence import (
    CompositeIndex,
    FactorAssociation,
    FactorInfluence,
    IndexWeight,
    PartialPoint,
    VarianceShare,
    field_names,
)

KIND = "factor_influence"
ASSOCIATIONS, SHARES, PARTIALS = "associations.parquet", "shares.parquet", "partials.parquet"
SPEC = "spec.json"
# these have a place of their own: tables, and values that need their kind told
_APART = ("associations", "shares", "partials", "composite", "total_share")


def store_factor_influence(result: FactorInfluence, folder: Path) -> None:
    """Write a result into a folder; `spec.json` last, so that a folder with one is complete."""
    plain = {name: getattr(result, name) for name in field_names(FactorInfluence) if name not in _APART}
    shares = () if isinstance(result.shares, NotEstimable) else result.shares
    _write(folder / ASSOCIATIONS, result.associations, FactorAssociation)
    _write(folder / SHARES, shares, VarianceShare)
    _write(folder / PARTIALS, result.partials, PartialPoint)
    spec = {
        "kind": KIND,
        **plain,
        "shares": _plain(result.shares) if isinstance(result.shares, NotEstimable) else None,
        "total_share": _plain(result.total_share),
        "composite": _composite(result.composite),
    }
    write_text(folder / SPEC, json.dumps(spec, ensure_ascii=False, indent=1) + "\n")


def load_factor_influence(folder: Path) -> FactorInfluence:
    """Read a stored result.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: `spec.json` tells of another kind of result.
    """
    spec: dict[str, Any] = json.loads((folder / SPEC).read_text(encoding="utf-8"))
    if spec.pop("kind", None) != KIND:
        raise ValueError(f"{folder / SPEC} is no stored {KIND}")
    known = {name: spec[name] for name in field_names(FactorInfluence) if name not in _APART}
    lists = {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
    shares = _missing(spec["shares"])
    return FactorInfluence(
        **{**known, **lists},
        associations=tuple(FactorAssociation(**row) for row in _rows(folder / ASSOCIATIONS)),
        shares=shares or tuple(VarianceShare(**row) for row in _rows(folder / SHARES)),
        partials=tuple(PartialPoint(**row) for row in _rows(folder / PARTIALS)),
        total_share=_measure(spec["total_share"]),
        composite=_composite_of(spec["composite"]),
    )


def _write(path: Path, values: tuple[Any, ...], kind: type) -> None:
    frame = pd.DataFrame([asdict(one) for one in values], columns=list(field_names(kind)))
    texts = [name for name in ("factor", "term", "school_id") if name in frame]
    frame = frame.astype(dict.fromkeys(texts, "string"))
    with atomic_path(path) as part:
        frame.to_parquet(part, index=False)


def _rows(path: Path) -> list[dict[str, Any]]:
    """Rows as plain values: what is absent is None."""
    frame = pd.read_parquet(path)
    return [
        {str(name): _scalar(value) for name, value in row.items()} for row in frame.to_dict(orient="records")
    ]


def _scalar(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _plain(value: Estimate | NotEstimable) -> dict[str, Any]:
    if isinstance(value, NotEstimable):
        return {"reason": value.reason, "fields": dict(value.fields)}
    return asdict(value)


def _measure(stored: Mapping[str, Any]) -> Estimate | NotEstimable:
    return _missing(stored) or Estimate(**stored)


def _missing(stored: Mapping[str, Any] | None) -> NotEstimable | None:
    if stored is None or "reason" not in stored:
        return None
    return NotEstimable(stored["reason"], stored["fields"])


def _composite(value: CompositeIndex | NotEstimable | None) -> dict[str, Any] | None:
    if value is None or isinstance(value, NotEstimable):
        return None if value is None else _plain(value)
    found = value.association
    return {
        "weights": [asdict(one) for one in value.weights],
        "explained_share": value.explained_share,
        "association": _plain(found) if isinstance(found, NotEstimable) else asdict(found),
        "share": _plain(value.share),
    }


def _composite_of(stored: Mapping[str, Any] | None) -> CompositeIndex | NotEstimable | None:
    if stored is None or "reason" in stored:
        return _missing(stored)
    found = stored["association"]
    return CompositeIndex(
        weights=tuple(IndexWeight(**one) for one in stored["weights"]),
        explained_share=stored["explained_share"],
        association=_missing(found) or FactorAssociation(**found),
        share=_measure(stored["share"]),
    )
