"""Which factors go with an outcome, how strongly, and how much of the spread between schools each one carries."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import pandas as pd

from shnor_analysis.results import Estimate, NotEstimable

ASSOCIATION_COLUMNS = (
    "term",
    "estimate",
    "std_error",
    "df",
    "statistic",
    "p_value",
    "conf_low",
    "conf_high",
    "factor",
    "factor_sd",
    "p_adjusted",
    "in_sd",
    "in_sd_low",
    "in_sd_high",
    "leave_out_low",
    "leave_out_high",
    "is_sign_stable",
)
SHARE_COLUMNS = ("factor", "share", "low", "high", "sampling_error")


@dataclass(frozen=True, slots=True)
class FactorAssociation:
    """What one column of a factor goes with, all other factors and the adjusters held equal.

    `estimate` and its interval: points of the outcome for one unit of the factor, or the difference between a category
    and the base category; `in_sd` the same in standard deviations of pupils, None where that spread is not known.
    `factor_sd` is the spread of a numeric factor between schools (`estimate · factor_sd`: two schools that far apart),
    None for categories. `p_adjusted` holds the rate of false finds over all associations of one call
    (Benjamini–Hochberg). `leave_out_low` and `leave_out_high` are the ends of the estimate when any one school is left
    out, None where no school can be; `is_sign_stable`: the sign is the same without any one school.
    """

    factor: str
    term: str
    estimate: float
    std_error: float
    df: float
    p_value: float
    p_adjusted: float
    conf_low: float
    conf_high: float
    in_sd: float | None
    in_sd_low: float | None
    in_sd_high: float | None
    leave_out_low: float | None
    leave_out_high: float | None
    is_sign_stable: bool
    factor_sd: float | None = None

    @property
    def statistic(self) -> float:
        """Estimate over its standard error."""
        return self.estimate / self.std_error


@dataclass(frozen=True, slots=True)
class PartialPoint:
    """A school in the picture of one numeric factor, all other factors and the adjusters taken out.

    `value` is the school's value of the factor; `residual` what is left of its mean result beside the model's other
    parts, plus what the factor goes with, so that points lie about the line estimate · value. `pupils_n` is the rows of
    pupils behind it, or of rows of schools the pupils of the largest.
    """

    factor: str
    school_id: str
    value: float
    residual: float
    pupils_n: int


@dataclass(frozen=True, slots=True)
class VarianceShare:
    """The part of the between-school variance that a factor carries, averaged over all orders of the factors.

    A share of 1, may be negative; `low` and `high` are bounds of the school bootstrap, None where it could not be made.
    `sampling_error` is the Monte Carlo standard error where orders were sampled, 0 where all were gone through.
    """

    factor: str
    share: float
    low: float | None
    high: float | None
    sampling_error: float = 0.0


@dataclass(frozen=True, slots=True)
class IndexWeight:
    """How a factor enters the composite index: `weight · (value − mean) / sd`."""

    factor: str
    term: str
    weight: float
    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class CompositeIndex:
    """One index of circumstances for all factors: their first principal component, higher = harder circumstances.

    `explained_share` is the part of the factors' common spread that the index keeps (0–1). `association` is what one
    standard deviation of the index goes with; `share` the part of the between-school variance that it carries alone.
    """

    weights: tuple[IndexWeight, ...]
    explained_share: float
    association: FactorAssociation | NotEstimable
    share: Estimate | NotEstimable


@dataclass(frozen=True, slots=True)
class FactorInfluence:
    """How factors go with one outcome over schools; associations, never causes.

    `outcome_sd` is the spread of pupils in the outcome's unit (None where only schools are known and it was not given).
    `tau2_null` and `tau2_full` are the between-school variances with the adjusters alone and with all factors;
    `total_share` = 1 − tau2_full / tau2_null, the sum of `shares`. `warnings` are codes of `locale/`
    (msgid ``factor_warning.<code>``). `rows_kind`: "pupils" or "schools" (one row a school, or a school and a year).
    `errors` of the associations: "model" or "CR2" (robust to any dependence of a school's rows). `replicates` is 0 where
    shares have no bounds; the bounds of `total_share` are then the value itself.
    """

    outcome: str
    outcome_sd: float | None
    level: float
    factors: tuple[str, ...]
    adjusters: tuple[str, ...]
    associations: tuple[FactorAssociation, ...]
    shares: tuple[VarianceShare, ...] | NotEstimable
    total_share: Estimate | NotEstimable
    tau2_null: float | None
    tau2_full: float | None
    composite: CompositeIndex | NotEstimable | None
    warnings: tuple[str, ...]
    n_obs: int
    n_pupils: int | None
    n_schools: int
    rows_dropped: int
    replicates: int
    seed: int
    is_exact: bool
    rows_kind: str = "pupils"
    errors: str = "model"
    partials: tuple[PartialPoint, ...] = field(default=(), repr=False)

    def tidy(self) -> pd.DataFrame:
        """A row an association: the columns of every model, then what belongs to factors; empty when there is none."""
        told = [[getattr(one, name) for name in ASSOCIATION_COLUMNS] for one in self.associations]
        return pd.DataFrame(told, columns=list(ASSOCIATION_COLUMNS))

    def share_table(self) -> pd.DataFrame:
        """A row a factor: its share of the between-school variance with bounds; empty when it cannot be told."""
        shares = () if isinstance(self.shares, NotEstimable) else self.shares
        return pd.DataFrame([asdict(one) for one in shares], columns=list(SHARE_COLUMNS))

    def glance(self) -> pd.DataFrame:
        """One row: sizes, the two variances, their ratio with bounds, and how it was worked out."""
        total = self.total_share if isinstance(self.total_share, Estimate) else None
        told = {
            "outcome": self.outcome,
            "outcome_sd": self.outcome_sd,
            "n_obs": self.n_obs,
            "groups": {"school": self.n_schools},
            "n_pupils": self.n_pupils,
            "n_schools": self.n_schools,
            "rows_dropped": self.rows_dropped,
            "tau2_null": self.tau2_null,
            "tau2_full": self.tau2_full,
            "total_share": total.value if total else None,
            "total_share_low": total.low if total else None,
            "total_share_high": total.high if total else None,
            "replicates": self.replicates,
            "seed": self.seed,
            "is_exact": self.is_exact,
            "level": self.level,
            "warnings": self.warnings,
        }
        return pd.DataFrame([told])

    def store(self, folder: Path) -> None:
        """Write `associations`, `shares` and `partials.parquet` and `spec.json` into a folder, each atomically."""
        from shnor_analysis.results.factor_influence_files import store_factor_influence

        store_factor_influence(self, folder)

    @classmethod
    def load(cls, folder: Path) -> FactorInfluence:
        """Read what `store` wrote; equal to what was stored.

        Raises:
            FileNotFoundError: A file is missing.
            ValueError: The files do not belong to one result of this kind.
        """
        from shnor_analysis.results.factor_influence_files import load_factor_influence

        return load_factor_influence(folder)


def field_names(kind: type) -> tuple[str, ...]:
    """Names of a value's fields in their order."""
    return tuple(one.name for one in fields(kind))
