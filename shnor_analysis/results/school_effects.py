"""How each school's result compares with schools in the same circumstances: gaps with intervals, never a ranking."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import pandas as pd

Verdict = Literal["above", "as_expected", "below", "cannot_be_told"]
VERDICTS: tuple[Verdict, ...] = ("above", "as_expected", "below", "cannot_be_told")
# Why a verdict cannot be told: codes of `locale/` (msgid ``effect_unknown.<code>``).
UNKNOWN_REASONS = ("context_missing", "few_pupils", "interval_wide")
SIMILAR_COLUMNS = ("school_id", "similar_id", "distance", "observed", "gap")


@dataclass(frozen=True, slots=True)
class SimilarSchool:
    """A school in like circumstances: how far its context is, its result and its shrunk gap.

    `distance` is the root mean square difference of the context factors, each in standard deviations between schools:
    0.5 means that the two schools differ by half a standard deviation in a typical factor.
    """

    school_id: str
    distance: float
    observed: float
    gap: float


@dataclass(frozen=True, slots=True)
class SchoolEffect:
    """One school's result beside the result expected of it.

    All values are in the unit of the outcome, higher is better. `observed` is the mean of the school's pupils,
    `expected` what the model expects of such pupils in such circumstances, `expected_left_out` the same from a model
    that has not seen this school; `gap_raw` = observed − expected; `gap` the gap shrunk towards 0 by its reliability,
    with its interval. `expected` and all that follows from it are None where the school's context is not known.
    `reason` says why a verdict cannot be told (`UNKNOWN_REASONS`), else None. `rank_low` and `rank_high` bound the
    school's place by gap among all schools with one (1: the largest gap); never show one number of them.
    """

    school_id: str
    pupils_n: int
    observed: float
    expected: float | None
    expected_left_out: float | None
    gap_raw: float | None
    gap: float | None
    gap_low: float | None
    gap_high: float | None
    verdict: Verdict
    reason: str | None
    is_resilient: bool
    rank_low: int | None
    rank_high: int | None
    similar: tuple[SimilarSchool, ...] = ()


EFFECT_COLUMNS = tuple(one.name for one in fields(SchoolEffect) if one.name != "similar")


@dataclass(frozen=True, slots=True)
class SchoolEffects:
    """Expected results and gaps of all schools for one outcome of one school year; in the order of school numbers.

    `context` names the factors behind the expected result, `similar_by` those by which similar schools were found;
    `prior_share` is the part of pupils with an earlier result (None where no prior result was asked for).
    `margin` is the gap that the data must be able to show before "as expected" is said, `pupils_needed` the fewest
    pupils for any verdict. `tau2` is the variance between schools left by the expected results, `tau2_class` that
    between classes of a school (None where classes are not known), `sigma2` that between pupils (with `rows_kind`
    "schools": of one pupil, from the known sampling variance). `notes` are codes of `locale/` (msgid
    ``effect_note.<code>``).
    """

    outcome: str
    level: float
    effects: tuple[SchoolEffect, ...]
    context: tuple[str, ...]
    adjusters: tuple[str, ...]
    similar_by: tuple[str, ...]
    uses_prior: bool
    prior_share: float | None
    n_obs: int
    n_pupils: int
    n_schools: int
    rows_dropped: int
    tau2: float
    tau2_class: float | None
    sigma2: float
    is_singular: bool
    margin: float
    pupils_needed: int
    notes: tuple[str, ...]
    seed: int
    draws: int
    rows_kind: str = "pupils"

    def of(self, school_id: str) -> SchoolEffect | None:
        """What is known of one school; None when it has no result here."""
        return next((one for one in self.effects if one.school_id == school_id), None)

    def with_verdict(self, verdict: Verdict) -> tuple[SchoolEffect, ...]:
        """The schools with a verdict, in the order of their numbers."""
        return tuple(one for one in self.effects if one.verdict == verdict)

    @property
    def resilient(self) -> tuple[SchoolEffect, ...]:
        """Schools in hard circumstances whose gap is clearly above zero, in the order of their numbers."""
        return tuple(one for one in self.effects if one.is_resilient)

    def tidy(self) -> pd.DataFrame:
        """A row a school: `EFFECT_COLUMNS`; empty where a value is not known."""
        told = [[getattr(one, name) for name in EFFECT_COLUMNS] for one in self.effects]
        frame = pd.DataFrame(told, columns=list(EFFECT_COLUMNS))
        ranks = dict.fromkeys(("rank_low", "rank_high"), "Int64")
        numbers = dict.fromkeys(EFFECT_COLUMNS[2:9], "float64")
        return frame.astype({**ranks, **numbers})

    def similar_table(self) -> pd.DataFrame:
        """A row a school and similar school, nearest first: `SIMILAR_COLUMNS`."""
        told = [
            (one.school_id, like.school_id, like.distance, like.observed, like.gap)
            for one in self.effects
            for like in one.similar
        ]
        return pd.DataFrame(told, columns=list(SIMILAR_COLUMNS))

    def glance(self) -> pd.DataFrame:
        """One row: sizes, variances, how many schools have which verdict, and how it was worked out."""
        told: dict[str, object] = {
            "outcome": self.outcome,
            "rows_kind": self.rows_kind,
            "n_obs": self.n_obs,
            "groups": {"school": self.n_schools},
            "n_pupils": self.n_pupils,
            "n_schools": self.n_schools,
            "rows_dropped": self.rows_dropped,
            "tau2": self.tau2,
            "tau2_class": self.tau2_class,
            "sigma2": self.sigma2,
            "is_singular": self.is_singular,
            **{f"{verdict}_n": len(self.with_verdict(verdict)) for verdict in VERDICTS},
            "resilient_n": len(self.resilient),
            "context": self.context,
            "adjusters": self.adjusters,
            "uses_prior": self.uses_prior,
            "prior_share": self.prior_share,
            "margin": self.margin,
            "pupils_needed": self.pupils_needed,
            "level": self.level,
            "seed": self.seed,
            "draws": self.draws,
            "notes": self.notes,
        }
        return pd.DataFrame([told])

    def store(self, folder: Path) -> None:
        """Write `effects.parquet`, `similar.parquet` and `spec.json` into a folder, each atomically, the last last."""
        from shnor_analysis.results.school_effects_files import store_school_effects

        store_school_effects(self, folder)

    @classmethod
    def load(cls, folder: Path) -> SchoolEffects:
        """Read what `store` wrote; equal to what was stored.

        Raises:
            FileNotFoundError: A file is missing.
            ValueError: The files do not belong to one result of this kind.
        """
        from shnor_analysis.results.school_effects_files import load_school_effects

        return load_school_effects(folder)


def school_number(school_id: str) -> tuple[str, int, str]:
    """Key that sorts schools by their numbers: letters, then the number as a number."""
    found = re.search(r"\d+", school_id)
    return (
        (school_id[: found.start()], int(found.group()), school_id) if found else (school_id, -1, school_id)
    )
