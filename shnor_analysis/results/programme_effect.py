"""What a programme of help goes with, beside what chance and selection alone would show: estimates, never a star."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from shnor_analysis.accounting import Accounting
from shnor_analysis.language import session_language
from shnor_analysis.results.evidence import BaselineRow, EffectSize, EvidenceGrade, MonthsOfProgress, PreTrend
from shnor_analysis.results.programme_parts import (
    SCALES,
    DesignEstimate,
    Discontinuity,
    EventYear,
    FlowArm,
    GroupYear,
    LeaveOneOut,
    Note,
    PlaceboRank,
    Scale,
    Specification,
    StaggeredEffect,
)
from shnor_analysis.results.values import NotEstimable

Design = Literal["ancova", "did", "callaway_santanna"]
DESIGNS: tuple[Design, ...] = ("ancova", "did", "callaway_santanna")
NUMBERS = ("estimate", "std_error", "df", "statistic", "p_value", "permutation_p", "conf_low", "conf_high")
PP_NUMBERS = ("estimate", "std_error", "conf_low", "conf_high")
TIDY_COLUMNS = (
    "design",
    *NUMBERS,
    *(f"{name}_pp" for name in PP_NUMBERS),
    "n_treated",
    "n_comparison",
    "reason",
)
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class ProgrammeEffect:
    """What can be said of a programme's effect on schools, with the interval of plausible designs.

    Scales: "sd" is pupil standard deviations (higher is better), "pp" percentage points of low results (lower is
    better). `hull_low` and `hull_high` are the least and the greatest end of the two 95 % intervals of the bracket
    (ANCOVA and difference in differences), the headline; `hull_low_pp` and `hull_high_pp` the same in percentage points.
    `permutation_p` is that of the ANCOVA's t statistic in pupil SD over `permutations` relabellings
    (`is_exact_permutation`: all there are), each t ranked at its own degrees of freedom; `permutation_p_of_bare_t` is that
    of the size of t alone. `mdes` is the smallest effect (pupil SD) found with 80 % power; `icc` the
    part of pupils' variance between schools. `cohorts` gives the treated schools with data of each first programme
    year. Where `is_descriptive`, no design, interval or p is there, and `reason` says why; `groups_by_year` and `flow`
    always are. `notes` are codes of `locale/` (msgid ``programme_note.<code>``) with their fields.
    """

    level: float
    cohorts: tuple[tuple[int, int], ...]
    n_treated: int
    n_comparison: int
    delay: int
    selection_years: int
    seed: int
    flow: tuple[FlowArm, ...]
    groups_by_year: tuple[GroupYear, ...]
    is_descriptive: bool
    reason: NotEstimable | None
    designs: tuple[DesignEstimate, ...] = ()
    hull_low: float | None = None
    hull_high: float | None = None
    hull_low_pp: float | None = None
    hull_high_pp: float | None = None
    permutation_p: float | None = None
    permutation_p_of_bare_t: float | None = None
    permutations: int = 0
    is_exact_permutation: bool = False
    mdes: float | None = None
    icc: float | None = None
    effect_sizes: tuple[EffectSize, ...] = ()
    months: MonthsOfProgress | NotEstimable | None = None
    baseline: tuple[BaselineRow, ...] = ()
    baseline_g: float | None = None
    grade: EvidenceGrade | None = None
    event_study: tuple[EventYear, ...] = ()
    pre_trend: PreTrend | NotEstimable | None = None
    staggered: StaggeredEffect | NotEstimable | None = None
    placebos: PlaceboRank | NotEstimable | None = None
    leave_one_out: tuple[LeaveOneOut, ...] = ()
    specifications: tuple[Specification, ...] = ()
    discontinuity: Discontinuity | NotEstimable | None = None
    context: tuple[str, ...] = ()
    absent: tuple[tuple[str, NotEstimable], ...] = ()
    notes: tuple[Note, ...] = ()
    accounting: Accounting = field(default_factory=Accounting)

    def design(self, name: str, scale: Scale = "sd") -> DesignEstimate | NotEstimable:
        """One design's estimate on one scale, or why there is none."""
        found = (one for one in self._all_designs() if one.design == name and one.scale == scale)
        return next(found, None) or self._why_absent(name)

    def tidy(self) -> pd.DataFrame:
        """A row a design (`DESIGNS`): `TIDY_COLUMNS`; pupil SD, then percentage points; NaN and `reason` without one."""
        rows = [self._row(name) for name in DESIGNS]
        frame = pd.DataFrame(rows, columns=list(TIDY_COLUMNS))
        numbers = [
            name for name in TIDY_COLUMNS if name not in {"design", "reason", "n_treated", "n_comparison"}
        ]
        return frame.astype(
            {
                **dict.fromkeys(numbers, "float64"),
                "n_treated": "Int64",
                "n_comparison": "Int64",
                "reason": object,
            }
        )

    def glance(self) -> pd.DataFrame:
        """One row: the headline, its checks and sizes; NaN where there is no estimate."""
        ranked = self.placebos if isinstance(self.placebos, PlaceboRank) else None
        reals = (
            "hull_low",
            "hull_high",
            "hull_low_pp",
            "hull_high_pp",
            "permutation_p",
            "mdes",
            "baseline_g",
            "icc",
        )
        told: dict[str, object] = {name: _number(getattr(self, name)) for name in reals}
        told |= {
            "grade": self.grade.padlocks if self.grade is not None else None,
            "n_treated": self.n_treated,
            "n_comparison": self.n_comparison,
            "n_schools": self.n_treated + self.n_comparison,
            "cohorts": self.cohorts,
            "is_descriptive": self.is_descriptive,
            "reason": None if self.reason is None else self.reason.reason,
            "permutations": self.permutations,
            "is_exact_permutation": self.is_exact_permutation,
            "placebo_rank": None if ranked is None else ranked.rank,
            "placebos_n": None if ranked is None else ranked.k,
            "smallest_p": NAN if ranked is None else ranked.smallest_p,
            "placebo_p": NAN if ranked is None or ranked.p is None else ranked.p,
            "delay": self.delay,
            "selection_years": self.selection_years,
            "level": self.level,
            "seed": self.seed,
            "notes": tuple(one.reason for one in self.notes),
        }
        return pd.DataFrame([told]).astype(dict.fromkeys(("grade", "placebo_rank", "placebos_n"), "Int64"))

    def store(self, folder: Path) -> None:
        """Write `effect.json` into a folder, atomically."""
        from shnor_analysis.results.programme_effect_files import store_programme_effect

        store_programme_effect(self, folder)

    @classmethod
    def load(cls, folder: Path) -> ProgrammeEffect:
        """Read what `store` wrote; equal to what was stored.

        Raises:
            FileNotFoundError: The file is missing.
            ValueError: The file holds another kind of result.
        """
        from shnor_analysis.results.programme_effect_files import load_programme_effect

        return load_programme_effect(folder)

    def in_words(self, language: str) -> str:
        """What was found and how sure it is, in some sentences."""
        from shnor_analysis.results.shown_programme import method_words, programme_words

        return " ".join((*programme_words(self, language), *method_words(self, language)))

    def __str__(self) -> str:
        return self.in_words(session_language())

    def _repr_html_(self) -> str:
        from shnor_analysis.results.shown_programme import html

        return html(self, session_language())

    def _all_designs(self) -> Iterator[DesignEstimate]:
        yield from self.designs
        if isinstance(self.staggered, StaggeredEffect):
            yield from self.staggered.overall

    def _why_absent(self, name: str) -> NotEstimable:
        if self.reason is not None:
            return self.reason
        if name == "callaway_santanna" and isinstance(self.staggered, NotEstimable):
            return self.staggered
        return dict(self.absent).get(name, NotEstimable("design_not_asked"))

    def _row(self, name: str) -> dict[str, object]:
        found = {scale: self.design(name, scale) for scale in SCALES}
        sd, pp = found["sd"], found["pp"]
        row: dict[str, object] = {"design": name, "reason": None}
        if isinstance(sd, NotEstimable):
            row["reason"] = sd.reason
        else:
            row |= {one: _number(getattr(sd, one)) for one in NUMBERS}
            row |= {"n_treated": sd.n_treated, "n_comparison": sd.n_comparison}
        if isinstance(pp, DesignEstimate):
            row |= {f"{one}_pp": getattr(pp, one) for one in PP_NUMBERS}
        return row


def _number(value: float | None) -> float:
    return NAN if value is None else float(value)
