"""What was worked out of a place's lists and programmes for a school year: chance, effects, each school's course."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shnor_analysis.accounting import Accounting
from shnor_analysis.results.list_flow import GroupFlow, ListFlowPrediction, SchoolChance
from shnor_analysis.results.programme_effect import ProgrammeEffect
from shnor_analysis.results.school_course import SchoolCourse
from shnor_analysis.results.values import NotEstimable


@dataclass(frozen=True, slots=True)
class CohortList:
    """The schools that joined a programme in a year, on the list made of the results of the year before.

    `schools_n` joined, `schools` are those of them that the rule lists in `list_year`, with their chance to stay;
    `flow` says how many left and how many would anyway (`results.list_flow.GroupFlow`), or why that cannot be told.
    """

    programme: str
    cohort_year: int
    list_year: int
    schools_n: int
    schools: tuple[SchoolChance, ...]
    flow: GroupFlow | NotEstimable


@dataclass(frozen=True, slots=True)
class ProgrammeFit:
    """One programme: its schools with the first school year of each, and what can be said of its effect."""

    programme: str
    treated: tuple[tuple[str, int], ...]
    delay: int
    effect: ProgrammeEffect | NotEstimable

    @property
    def cohorts(self) -> tuple[tuple[int, int], ...]:
        """Cohort year and number of schools, oldest first."""
        years = [year for _, year in self.treated]
        return tuple((year, years.count(year)) for year in sorted(set(years)))


@dataclass(frozen=True, slots=True)
class YearRecord:
    """A school's own results of one year under the rule's tests.

    `parts`: (tested, low) a test; `is_comparable` is false where a break of the calendar sets one of the tests apart
    from other years, `is_flagged` where an issued list of biased results names the school in that year.
    """

    school_year: int
    parts: tuple[tuple[int, int], ...]
    is_comparable: bool
    is_flagged: bool

    @property
    def tested_n(self) -> int:
        """Works over all tests of the year."""
        return sum(tested for tested, _ in self.parts)

    @property
    def low_n(self) -> int:
        """Low results over all tests of the year."""
        return sum(low for _, low in self.parts)


@dataclass(frozen=True, slots=True)
class SchoolRecord:
    """One school: its years, its course beside its own prediction interval, and its chances on each list worked out.

    `chances` holds (school year of the list, chance) for the lists it was a candidate of, oldest first.
    """

    school_id: str
    years: tuple[YearRecord, ...]
    course: SchoolCourse | NotEstimable
    chances: tuple[tuple[int, SchoolChance], ...]


@dataclass(frozen=True, slots=True)
class TownProgramme:
    """Lists beside chance, programmes and schools for one report year.

    `rule` is the version of the listing rule; `years` the school years of the panel; `breaks` the codes of the breaks
    of the calendar that lie within them, `broken_years` the years with a test that one of them sets apart, `autumn_years`
    those for which tests of the following autumn count (they ask for the programme of the year before). `observed` is
    the list of the year before, whose leavers are known by now; `forecast` the report year's, whose leavers are not.
    """

    school_year: int
    rule: str
    years: tuple[int, ...]
    breaks: tuple[str, ...]
    broken_years: tuple[int, ...]
    observed: ListFlowPrediction | NotEstimable
    forecast: ListFlowPrediction | NotEstimable
    cohorts: tuple[CohortList, ...]
    programmes: tuple[ProgrammeFit, ...]
    accounting: Accounting
    autumn_years: tuple[int, ...] = ()

    def flows(self) -> tuple[ListFlowPrediction, ...]:
        """The predictions that are there, oldest list first."""
        return tuple(one for one in (self.observed, self.forecast) if isinstance(one, ListFlowPrediction))

    def effects(self) -> dict[str, ProgrammeEffect | NotEstimable]:
        """What can be said of each programme, by its name, the largest first."""
        return {one.programme: one.effect for one in self.programmes}


def chances_of(flows: Iterable[ListFlowPrediction]) -> dict[str, tuple[tuple[int, SchoolChance], ...]]:
    """Every school's chances on some lists, by school, oldest list first."""
    found: dict[str, tuple[tuple[int, SchoolChance], ...]] = {}
    for flow in sorted(flows, key=lambda one: one.year):
        for chance in flow.schools:
            found[chance.school_id] = (*found.get(chance.school_id, ()), (flow.year, chance))
    return found
