"""The town's sections: schools in the order of their numbers, list flow, coverage; nobody is ranked."""

from __future__ import annotations

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import ProcedureResult, SchoolLine, TownEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.printing import SHARE
from shnor_analysis.exhibits.reading import estimated_in, of_year
from shnor_analysis.exhibits.sentences.list_flow import cohorts_in_short
from shnor_analysis.exhibits.sentences.programme import headline_in_short
from shnor_analysis.exhibits.sentences.shared import rule_name
from shnor_analysis.exhibits.text import Block, Bullets, Heading, Paragraph, Text, Tile, Tiles
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable, Suppressed

Town = Released[TownEvaluation]


def describe_summary(released: Town, language: str) -> Text:
    """One page in plain words about the municipality's schools together."""
    value = released.value
    blocks: list[Block] = [
        Heading(render("summary.heading", language)),
        _tiles(value, language),
        Heading(render("summary.found", language), 3),
        Bullets(tuple(_found(value, language))),
        Heading(render("summary.sure", language), 3),
        Bullets((render("summary.sure.interval", language), render("town.sure.flow", language))),
        Heading(render("summary.not_meant", language), 3),
        Bullets(tuple(render(f"summary.not_meant.{code}", language) for code in ("cause", "rank", "people"))),
    ]
    return Text("summary", tuple(blocks))


def _tiles(value: TownEvaluation, language: str) -> Tiles:
    year = printing.school_year(value.school_year, language)
    with_results = sum(line.procedures_n > 0 for line in value.schools)
    listed = _listed_n(value.schools)
    return Tiles(
        (
            Tile(
                render("tile.schools", language),
                printing.number(value.schools_n, language),
                render("tile.schools.note", language),
            ),
            Tile(
                render("tile.with_results", language),
                printing.number(with_results, language),
                render("tile.works.note", language, year=year),
            ),
            Tile(
                render("tile.listed", language),
                printing.DASH if listed is None else printing.number(listed, language),
                render("tile.works.note", language, year=year),
            ),
            Tile(
                render("tile.fires", language),
                _fires_n(value, language),
                render(
                    "tile.fires.note", language, year=printing.school_year(value.rule_list_year, language)
                ),
            ),
        )
    )


def _listed_n(schools: tuple[SchoolLine, ...]) -> int | None:
    known = [line.is_listed for line in schools if line.is_listed is not None]
    return sum(known) if known else None


def _found(value: TownEvaluation, language: str) -> list[str]:
    year = printing.school_year(value.school_year, language)
    with_results = sum(line.procedures_n > 0 for line in value.schools)
    said = [
        printing.counted("town.found.coverage", with_results, language, year=year, all=value.schools_n),
        *_found_levels(value, language),
    ]
    listed = _listed_n(value.schools)
    if listed is None:
        said.append(render("town.lists.unknown", language, year=year))
    else:
        said.append(printing.counted("town.found.listed", listed, language, year=year))
    said.append(_found_fires(value, language))
    said += [*cohorts_in_short(value.list_flow, language), *headline_in_short(value, language)]
    if not value.rule_is_verified:
        said.append(render("lists.unverified", language))
    return said


def _fires_n(value: TownEvaluation, language: str) -> str:
    """For how many schools the rule fires; a dash where some answers are closed or none is known."""
    fires = [line.rule_fires for line in value.schools if not isinstance(line.rule_fires, NotEstimable)]
    if not fires or any(isinstance(one, Suppressed) for one in fires):
        return printing.DASH
    return printing.number(sum(one is True for one in fires), language)


def _found_fires(value: TownEvaluation, language: str) -> str:
    rule = rule_name(value.rule_version, language)
    list_year = printing.school_year(value.rule_list_year, language)
    if _fires_n(value, language) == printing.DASH:
        return render("town.found.fires.closed", language, rule=rule, list_year=list_year)
    n = sum(line.rule_fires is True for line in value.schools)
    return printing.counted("town.found.fires", n, language, rule=rule, list_year=list_year)


def _found_levels(value: TownEvaluation, language: str) -> list[str]:
    now = of_year(value.levels, value.school_year)
    known = [(result, result.school.low) for result in now if isinstance(result.school.low, Estimate)]
    if not known:
        return []
    said = [_highest(known, language)]
    if len(known) < len(now):
        said.append(printing.counted("found.not_shown", len(now) - len(known), language))
    return said


def _highest(known: list[tuple[ProcedureResult, Estimate]], language: str) -> str:
    """The test with the largest share where its interval lies above all others; else from what to what the shares go."""
    result, low = max(known, key=lambda item: item[1].value)
    others = [one for other, one in known if other is not result]
    if any(other.high >= low.low for other in others):
        smallest = min(other.value for other in others)
        shares = printing.measured_range(smallest, low.value, SHARE, language)
        return render("town.found.range", language, range=shares)
    return render(
        "town.found.highest" if others else "town.found.only",
        language,
        work=printing.work_and_time(result.procedure, language),
        share=printing.percent(low.value, language),
        interval=printing.interval(low, language),
    )


def describe_schools(released: Town, language: str) -> Text:
    """How to read the table and the picture of the schools."""
    blocks: list[Block] = [Heading(render("schools.heading", language))]
    code = "schools.intro" if released.value.schools else "schools.empty"
    blocks.append(Paragraph(render(code, language)))
    if estimated_in(of_year(released.value.levels, released.value.school_year)):
        blocks.append(Paragraph(render("results.estimated", language), "caution"))
    return Text("schools", tuple(blocks))


def describe_coverage(released: Town, language: str) -> Text:
    """What data are there, by procedure."""
    code = "coverage.intro" if released.value.coverage else "coverage.empty"
    return Text(
        "coverage", (Heading(render("coverage.heading", language)), Paragraph(render(code, language)))
    )


def describe_flow(released: Town, language: str) -> Text:
    """How many schools stayed, left and entered, and why leaving is not proof of help."""
    flows = released.value.flows
    blocks: list[Block] = [Heading(render("flow.heading", language))]
    if not flows:
        return Text("flow", (*blocks, Paragraph(render("flow.empty", language))))
    blocks += [
        Paragraph(render("flow.intro", language)),
        Paragraph(render("flow.note", language), "note"),
    ]
    return Text("flow", tuple(blocks))


def describe_levels(released: Town, language: str) -> Text:
    """What stands beside the municipality and where each number comes from."""
    code = "town.levels.intro" if released.value.levels else "levels.empty"
    return Text("levels", (Heading(render("levels.heading", language)), Paragraph(render(code, language))))


def describe_trend(released: Town, language: str) -> Text:
    """How to read the picture of the municipality's years."""
    value = released.value
    blocks: list[Block] = [Heading(render("trend.heading", language))]
    if not value.levels:
        return Text("trend", (*blocks, Paragraph(render("trend.empty", language))))
    blocks.append(Paragraph(render("trend.intro", language)))
    if value.breaks:
        blocks.append(Paragraph(render("trend.breaks", language), "note"))
    return Text("trend", tuple(blocks))


SECTIONS = {
    "trend": describe_trend,
    "summary": describe_summary,
    "schools": describe_schools,
    "coverage": describe_coverage,
    "flow": describe_flow,
    "levels": describe_levels,
}
