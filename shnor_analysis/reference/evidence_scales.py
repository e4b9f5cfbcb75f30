"""Scales by which evidence is judged elsewhere: months of progress, likeness before, padlocks."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from shnor_analysis.reference.provenance import Provenance, provenance_of


@dataclass(frozen=True, slots=True)
class MonthsRow:
    """Sizes `low` to `high`, in hundredths of a standard deviation of pupils, and the months they stand for."""

    low: float
    high: float
    months: int


@dataclass(frozen=True, slots=True)
class PadlockRow:
    """The most padlocks with a smallest detectable effect below, and a loss of schools (0–1) of at most."""

    padlocks: int
    mdes_below: float
    loss_at_most: float


@dataclass(frozen=True, slots=True)
class EvidenceScales:
    """All scales, each with its source; rows in the order in which they are looked up."""

    months: tuple[MonthsRow, ...]
    months_provenance: Provenance
    satisfied_at_most: float
    adjust_at_most: float
    baseline_provenance: Provenance
    padlocks: tuple[PadlockRow, ...]
    threats_at_most: int
    padlocks_provenance: Provenance

    def provenances(self) -> dict[str, Provenance]:
        """Where each scale comes from, by its name."""
        return {
            "months_of_progress": self.months_provenance,
            "baseline_equivalence": self.baseline_provenance,
            "padlocks": self.padlocks_provenance,
        }


@lru_cache(maxsize=1)
def evidence_scales() -> EvidenceScales:
    """The scales as published, or as remembered where they are not verified."""
    text = (resources.files("shnor_analysis.reference") / "evidence_scales.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    months, baseline, padlocks = raw["months"], raw["baseline"], raw["padlocks"]
    return EvidenceScales(
        months=tuple(MonthsRow(**one) for one in months["rows"]),
        months_provenance=provenance_of(months),
        satisfied_at_most=baseline["satisfied_at_most"],
        adjust_at_most=baseline["adjust_at_most"],
        baseline_provenance=provenance_of(baseline),
        padlocks=tuple(PadlockRow(**one) for one in padlocks["rows"]),
        threats_at_most=padlocks["threats_at_most"],
        padlocks_provenance=provenance_of(padlocks),
    )
