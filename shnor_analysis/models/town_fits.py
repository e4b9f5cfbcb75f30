"""All models of a place for one school year: per family of outcomes, which factors go with results, and schools' gaps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shnor_analysis.accounting import Accounting
from shnor_analysis.models.effect_rows import EffectOptions
from shnor_analysis.models.factor_associations import control_multiplicity
from shnor_analysis.models.factor_influence import fit_factor_influence
from shnor_analysis.models.fit_options import DEFAULT_SEED, FEWEST_REPLICATES, SCHOOLS_PER_FACTOR
from shnor_analysis.models.school_effects import fit_school_effects
from shnor_analysis.results import NotEstimable
from shnor_analysis.results.factor_influence import FactorInfluence
from shnor_analysis.results.school_effects import SchoolEffects
from shnor_analysis.results.town_fits import FamilyFits, TownFits
from shnor_analysis.warehouse.analysis import (
    INDEX,
    Family,
    count_rows,
    create_context,
    create_pupil_rows,
    create_school_rows,
    family_rows,
    find_families,
    pupil_adjusters,
)
from shnor_analysis.warehouse.engine import Connection

OUTCOME = "outcome"
# with fewer, classes and schools cannot be told apart
CLASSES_A_SCHOOL = 1.5
ROWS, LINKED_ROWS = "family_rows", "linked_rows"


@dataclass(frozen=True, slots=True)
class TownPlan:
    """What to fit: the school year, the factors (none named: all that can be used), bootstrap replicates, the seed."""

    school_year: int
    factors: tuple[str, ...] = ()
    replicates: int = FEWEST_REPLICATES
    seed: int = DEFAULT_SEED


Tell = Callable[[int, int, str], None]


def fit_town(
    connection: Connection, plan: TownPlan, *, fingerprint: str, tell: Tell | None = None
) -> TownFits:
    """Fit every family of outcomes of a school year.

    Each family: association and share of variance of every factor (`fit_factor_influence`); gaps given context and
    pupils (`fit_school_effects`), and the same given earlier results, over the procedures in which at least half of
    the pupils can be linked. Gaps are taken given the factors themselves where there are ten schools for each, else
    given their first principal component, `context_index`. P-values of all associations of the year are adjusted
    together.

    Parameters:
        connection: DuckDB with the warehouse's views.
        plan: What to fit.
        fingerprint: Of the inputs, kept with the result.
        tell: Called after each family with how many are done, how many there are, and its name.

    Raises:
        UsageProblem: `factor_unknown` for every factor that the table `factors` never has.
    """
    context = create_context(connection, school_year=plan.school_year, factors=plan.factors)
    accounting = context.accounting
    accounting += create_pupil_rows(connection, school_year=plan.school_year, context=context)
    accounting += create_school_rows(connection, school_year=plan.school_year, context=context)
    families = find_families(connection)
    fitted = []
    for done, family in enumerate(families, start=1):
        fitted.append(_fit_family(connection, family, context.names, plan=plan))
        if tell is not None:
            tell(done, len(families), family.name)
    return TownFits(plan.school_year, fingerprint, context.names, _told(accounting), _adjusted(fitted))


def _told(accounting: Accounting) -> Accounting:
    """The steps that something came into."""
    return Accounting(tuple(step for step in accounting.steps if step.rows_in))


def _fit_family(
    connection: Connection, family: Family, factors: tuple[str, ...], *, plan: TownPlan
) -> FamilyFits:
    view = family_rows(connection, family, factors, view=ROWS)
    setting = _setting(connection, view, family, factors, plan=plan)
    return FamilyFits(
        assessment=family.assessment,
        subject=family.subject,
        rows_kind=family.rows_kind,
        schools_n=family.schools_n,
        pupils_n=family.pupils_n,
        linked_share=family.linked_share,
        influence=_influence(connection, view, setting),
        effects=_effects(connection, view, setting),
        progress=_progress(connection, setting),
    )


@dataclass(frozen=True, slots=True)
class _Setting:
    """How a family is fitted: its factors, what stands for them in the gaps, what is known of its pupils."""

    family: Family
    factors: tuple[str, ...]
    context: tuple[str, ...]
    adjusters: tuple[str, ...]
    options: EffectOptions
    plan: TownPlan


def _setting(
    connection: Connection, view: str, family: Family, factors: tuple[str, ...], *, plan: TownPlan
) -> _Setting:
    is_enough = len(factors) * SCHOOLS_PER_FACTOR <= family.schools_n
    context = factors if is_enough else (INDEX,)
    options = EffectOptions(similar_by=factors, seed=plan.seed)
    if family.rows_kind == "schools":
        known = replace(options, sampling_variance="sampling_variance", pupils="tested_n")
        return _Setting(family, factors, context, (), known, plan)
    has_classes = family.classes_n >= CLASSES_A_SCHOOL * family.schools_n
    by_class = replace(options, classes="class_key") if has_classes else options
    return _Setting(family, factors, context, pupil_adjusters(connection, view), by_class, plan)


def _influence(connection: Connection, view: str, setting: _Setting) -> FactorInfluence | NotEstimable:
    if not setting.factors:
        return NotEstimable("no_factors")
    rows, plan = connection.table(view), setting.plan
    if setting.family.rows_kind == "pupils":
        return fit_factor_influence(
            rows,
            outcome=OUTCOME,
            factors=setting.factors,
            adjusters=setting.adjusters,
            replicates=plan.replicates,
            seed=plan.seed,
        )
    return fit_factor_influence(
        rows,
        outcome=OUTCOME,
        factors=setting.factors,
        replicates=plan.replicates,
        seed=plan.seed,
        pupils_n="tested_n",
        sampling_variance="sampling_variance",
        pupil_sd=1.0,
    )


def _effects(
    connection: Connection, view: str, setting: _Setting, *, prior: str | None = None
) -> SchoolEffects | NotEstimable:
    return fit_school_effects(
        connection.table(view),
        outcome=OUTCOME,
        context=setting.context,
        prior=prior,
        adjusters=setting.adjusters,
        options=setting.options,
    )


def _progress(connection: Connection, setting: _Setting) -> SchoolEffects | NotEstimable:
    """Gaps given earlier results, over the procedures in which most pupils have one."""
    family = setting.family
    if family.rows_kind == "schools":
        return NotEstimable("pupils_unknown")
    view = family_rows(connection, family, setting.factors, view=LINKED_ROWS, only_linked=True)
    found = _effects(connection, view, setting, prior="prior") if count_rows(connection, view) else None
    if isinstance(found, NotEstimable):
        return found
    if found is None or not found.uses_prior:
        return NotEstimable("few_linked", {"share": round(100 * family.linked_share)})
    return found


def _adjusted(families: Sequence[FamilyFits]) -> tuple[FamilyFits, ...]:
    """Adjust the p-values of all associations of the year together."""
    told = [one.influence for one in families if isinstance(one.influence, FactorInfluence)]
    adjusted = iter(control_multiplicity([one.associations for one in told]))
    return tuple(
        replace(one, influence=replace(one.influence, associations=next(adjusted)))
        if isinstance(one.influence, FactorInfluence)
        else one
        for one in families
    )
