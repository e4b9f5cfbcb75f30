"""Everything that was fitted for a place and a school year: factors and gaps per family of outcomes, and its storage."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from shnor_analysis.accounting import Accounting
from shnor_analysis.files import write_text
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.factor_influence import FactorInfluence
from shnor_analysis.results.school_effects import SchoolEffects
from shnor_analysis.warehouse.records import accounting_from, accounting_to

FITS = "fits.json"
ALL_SUBJECTS = "all"
Result = TypeVar("Result", FactorInfluence, SchoolEffects)


@dataclass(frozen=True, slots=True)
class FamilyFits:
    """What was fitted for results of one assessment: of one subject, or of all subjects together (`all`).

    `rows_kind`: "pupils" or "schools", what was known. `linked_share` is the part of pupils with an earlier result.
    `influence`: which factors go with the results; `effects`: gaps given context; `progress`: gaps given context and
    the pupils' earlier results (NotEstimable `few_linked` where too few pupils have one).
    """

    assessment: str
    subject: str
    rows_kind: str
    schools_n: int
    pupils_n: int
    linked_share: float
    influence: FactorInfluence | NotEstimable
    effects: SchoolEffects | NotEstimable
    progress: SchoolEffects | NotEstimable

    @property
    def name(self) -> str:
        """Name in folders and facts: `vpr-all`, `oge-russian`."""
        return f"{self.assessment}-{self.subject}"


@dataclass(frozen=True, slots=True)
class TownFits:
    """All families of one school year, each assessment pooled first, then by subject.

    `factors` are the context factors used, `accounting` says which were left out and why, and the rows of the data's
    way here. `fingerprint` is that of the inputs: tables, settings and version.
    """

    school_year: int
    fingerprint: str
    factors: tuple[str, ...]
    accounting: Accounting
    families: tuple[FamilyFits, ...]

    def of(self, assessment: str, subject: str = ALL_SUBJECTS) -> FamilyFits | None:
        """One family; None when there is none."""
        return next(
            (one for one in self.families if (one.assessment, one.subject) == (assessment, subject)), None
        )

    def in_reading_order(self) -> tuple[FamilyFits, ...]:
        """The families as pages tell them: the assessment with most pupils first, all its subjects together before each."""
        pupils: dict[str, int] = {}
        for one in self.families:
            pupils[one.assessment] = max(one.pupils_n, pupils.get(one.assessment, 0))
        return tuple(
            sorted(
                self.families,
                key=lambda one: (
                    -pupils[one.assessment],
                    one.assessment,
                    one.subject != ALL_SUBJECTS,
                    one.subject,
                ),
            )
        )

    def influences(self) -> dict[str, FactorInfluence | NotEstimable]:
        """Which factors go with the results, by name of the family."""
        return {one.name: one.influence for one in self.families}

    def effects(self) -> dict[str, SchoolEffects | NotEstimable]:
        """Gaps given context, by name of the family."""
        return {one.name: one.effects for one in self.families}

    def progress(self) -> dict[str, SchoolEffects | NotEstimable]:
        """Gaps given context and earlier results, by name of the family."""
        return {one.name: one.progress for one in self.families}


def store_town_fits(fits: TownFits, folder: Path) -> None:
    """Write everything into a folder; `fits.json` last, so that a folder with one is complete."""
    families = []
    for one in fits.families:
        home = folder / one.name
        families.append(
            {
                "assessment": one.assessment,
                "subject": one.subject,
                "rows_kind": one.rows_kind,
                "schools_n": one.schools_n,
                "pupils_n": one.pupils_n,
                "linked_share": one.linked_share,
                "influence": _store(one.influence, home / "influence"),
                "effects": _store(one.effects, home / "effects"),
                "progress": _store(one.progress, home / "progress"),
            }
        )
    told = {
        "school_year": fits.school_year,
        "fingerprint": fits.fingerprint,
        "factors": fits.factors,
        "accounting": accounting_to(fits.accounting),
        "families": families,
    }
    write_text(folder / FITS, json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def load_town_fits(folder: Path, *, only: Collection[str] = ()) -> TownFits:
    """Read what `store_town_fits` wrote; equal to what was stored.

    Args:
        folder: Where it was stored.
        only: Names of the families wanted (`vpr-all`), for who needs it fast; default: all.

    Raises:
        FileNotFoundError: A file is missing.
    """
    told: dict[str, Any] = json.loads((folder / FITS).read_text(encoding="utf-8"))
    return TownFits(
        school_year=told["school_year"],
        fingerprint=told["fingerprint"],
        factors=tuple(told["factors"]),
        accounting=accounting_from(told["accounting"]),
        families=tuple(_family(one, folder) for one in told["families"] if not only or _name(one) in only),
    )


def _family(told: Mapping[str, Any], folder: Path) -> FamilyFits:
    home = folder / _name(told)
    known = {name: told[name] for name in ("assessment", "subject", "rows_kind", "schools_n", "pupils_n")}
    return FamilyFits(
        **known,
        linked_share=told["linked_share"],
        influence=_load(told["influence"], home / "influence", FactorInfluence.load),
        effects=_load(told["effects"], home / "effects", SchoolEffects.load),
        progress=_load(told["progress"], home / "progress", SchoolEffects.load),
    )


def _name(told: Mapping[str, Any]) -> str:
    return f"{told['assessment']}-{told['subject']}"


def _store(result: FactorInfluence | SchoolEffects | NotEstimable, folder: Path) -> dict[str, Any] | None:
    """Write a result and return None, or the reason why there is none."""
    if isinstance(result, NotEstimable):
        return {"reason": result.reason, "fields": dict(result.fields)}
    result.store(folder)
    return None


def _load(
    missing: Mapping[str, Any] | None, folder: Path, load: Callable[[Path], Result]
) -> Result | NotEstimable:
    return load(folder) if missing is None else NotEstimable(missing["reason"], missing["fields"])
