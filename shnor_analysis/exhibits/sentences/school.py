"""A school's sections: the page in plain words, circumstances, results, trend, levels, agreement, programmes."""

from __future__ import annotations

from shnor_analysis.disclosure import Released
from shnor_analysis.evaluation.facts import MarkResult, ProcedureResult, SchoolEvaluation
from shnor_analysis.exhibits import printing
from shnor_analysis.exhibits.reading import (
    latest_agreement,
    latest_issued,
    latest_rule,
    level_of,
    of_year,
    on_low_list,
    position,
)
from shnor_analysis.exhibits.sentences.school_lists import (
    chance_in_words,
    changes_in_words,
    issued_in_words,
    rule_in_words,
)
from shnor_analysis.exhibits.text import Block, Bullets, Heading, Paragraph, Text, Tile, Tiles
from shnor_analysis.language import render
from shnor_analysis.results import Estimate, NotEstimable

School = Released[SchoolEvaluation]


def describe_summary(released: School, language: str) -> Text:
    """One page in plain words: what was found, how sure, what it does not mean, what to look at next."""
    value = released.value
    found = [
        *_found_results(value, language),
        *_found_lists(value, language),
        changes_in_words(value, language),
    ]
    sure = [render("summary.sure.interval", language)]
    chance = chance_in_words(value, language)
    if chance:
        sure.append(chance)
    sure.append(render("summary.sure.small", language))
    blocks: list[Block] = [
        Heading(render("summary.heading", language)),
        _tiles(value, language),
        Heading(render("summary.found", language), 3),
        Bullets(tuple(found)),
        Heading(render("summary.sure", language), 3),
        Bullets(tuple(sure)),
        Heading(render("summary.not_meant", language), 3),
        Bullets(tuple(render(f"summary.not_meant.{code}", language) for code in ("cause", "rank", "people"))),
        Heading(render("summary.next", language), 3),
        Bullets(_next_steps(value, language)),
    ]
    return Text("summary", tuple(blocks))


def _next_steps(value: SchoolEvaluation, language: str) -> tuple[str, ...]:
    if of_year(value.results, value.school_year):
        return tuple(render(f"summary.next.{code}", language) for code in ("check", "items", "repeat"))
    year = printing.school_year(value.school_year, language)
    return (render("summary.next.absent", language, year=year), render("summary.next.check", language))


def _tiles(value: SchoolEvaluation, language: str) -> Tiles:
    now = of_year(value.results, value.school_year)
    year = printing.school_year(value.school_year, language)
    tiles = [
        Tile(
            render("tile.works", language),
            printing.number(len(now), language),
            render("tile.works.note", language, year=year),
        ),
        Tile(
            render("tile.low", language),
            _low_range(now, language) or printing.DASH,
            render("tile.low.note", language),
        ),
        *_list_tiles(value, language),
    ]
    return Tiles(tuple(tiles))


def _low_range(results: tuple[ProcedureResult, ...], language: str) -> str:
    shares = [result.school.low.value for result in results if isinstance(result.school.low, Estimate)]
    if not shares:
        return ""
    low, high = printing.points_of(min(shares), language), printing.points_of(max(shares), language)
    if low == high:
        return printing.percent(min(shares), language)
    return f"{low}–{high}{printing.percent_sign(language)}"


def _list_tiles(value: SchoolEvaluation, language: str) -> list[Tile]:
    issued, recomputed = latest_issued(value), latest_rule(value)
    tiles = []
    if issued is not None:
        state = "on" if on_low_list(issued) else "off"
        year = printing.school_year(issued.school_year, language)
        tiles.append(
            Tile(
                render("tile.list", language),
                render(f"tile.list.{state}.value", language),
                render("tile.works.note", language, year=year),
            )
        )
    if recomputed is not None and isinstance(recomputed[1].chance_if_unchanged, float):
        chance = printing.of_hundred(recomputed[1].chance_if_unchanged, language)
        year = printing.school_year(recomputed[0].school_year, language)
        note = render("tile.chance.note", language, year=year)
        tiles.append(Tile(render("tile.chance", language), chance, note))
    if not tiles:
        tiles = [Tile(render("tile.list", language), printing.DASH, render("tile.list.unknown", language))]
    return tiles


def _found_results(value: SchoolEvaluation, language: str) -> list[str]:
    now = of_year(value.results, value.school_year)
    year = printing.school_year(value.school_year, language)
    if not now:
        return [render("found.nothing", language, year=year)]
    said = [printing.counted("found.works", len(now), language, year=year)]
    known = [result for result in now if isinstance(result.school.low, Estimate)]
    if len(known) == 1:
        said.append(_extreme(known[0], "found.only", language))
    elif known:
        said.append(_extreme(max(known, key=_low_value), "found.highest", language))
        said.append(_extreme(min(known, key=_low_value), "found.lowest", language))
    else:
        said.append(render("found.no_shares", language))
    if 0 < len(known) < len(now):
        said.append(printing.counted("found.not_shown", len(now) - len(known), language))
    return said + _found_position(now, language)


def _low_value(result: ProcedureResult) -> float:
    return result.school.low.value if isinstance(result.school.low, Estimate) else float("nan")


def _extreme(result: ProcedureResult, code: str, language: str) -> str:
    low = result.school.low
    assert isinstance(low, Estimate)
    return render(
        code,
        language,
        work=printing.work_and_time(result.procedure, language),
        share=printing.percent(low.value, language),
        interval=printing.interval(low, language),
        n=printing.tested_of(
            result.school.tested_n, language, is_estimated=result.school.tested_n_is_estimated
        ),
    )


def _found_position(results: tuple[ProcedureResult, ...], language: str) -> list[str]:
    places = [place for place in (position(result) for result in results) if place]
    if not places:
        return []
    parts = [
        printing.counted(f"found.position.{place}", places.count(place), language)
        for place in ("above", "not_told_apart", "below")
        if place in places
    ]
    if len(places) < len(results):
        parts.append(printing.counted("found.position.unknown", len(results) - len(places), language))
    return [render("found.position", language, parts="; ".join(parts))]


def _found_lists(value: SchoolEvaluation, language: str) -> list[str]:
    if latest_issued(value) is None and latest_rule(value) is None:
        return [render("found.no_list", language)]
    return [issued_in_words(value, language), rule_in_words(value, language)]


def describe_context(released: School, language: str) -> Text:
    """The school's circumstances beside those of the municipality's schools."""
    blocks: list[Block] = [Heading(render("context.heading", language))]
    year = printing.school_year(released.value.school_year, language)
    if released.value.context:
        blocks.append(Paragraph(render("context.intro", language, year=year)))
    else:
        blocks.append(Paragraph(render("context.empty", language)))
    return Text("context", tuple(blocks))


def describe_results(released: School, language: str) -> Text:
    """How to read the table of results."""
    value = released.value
    year = printing.school_year(value.school_year, language)
    now = of_year(value.results, value.school_year)
    blocks: list[Block] = [Heading(render("results.heading", language, year=year))]
    blocks.append(Paragraph(render("results.intro" if now else "results.empty", language, year=year)))
    if any(result.school.tested_n_is_estimated for result in now):
        blocks.append(Paragraph(render("results.estimated", language), "caution"))
    if any(_has_only_shares(result.school) for result in now):
        blocks.append(Paragraph(render("results.shares_only", language), "note"))
    return Text("results", tuple(blocks))


def _has_only_shares(marks: MarkResult) -> bool:
    """Whether shares of marks are known and their numbers are not; an exam with points only has neither."""
    return marks.mark_n is None and not isinstance(marks.quality, NotEstimable)


def describe_trend(released: School, language: str) -> Text:
    """How to read the picture of the years and its breaks."""
    value = released.value
    blocks: list[Block] = [Heading(render("trend.heading", language))]
    if not value.results:
        return Text("trend", (*blocks, Paragraph(render("trend.empty", language))))
    blocks.append(Paragraph(render("trend.intro", language)))
    if value.breaks:
        blocks.append(Paragraph(render("trend.breaks", language), "note"))
    return Text("trend", tuple(blocks))


def describe_levels(released: School, language: str) -> Text:
    """What stands beside the school: municipality, region, country, and where each number comes from."""
    value = released.value
    now = of_year(value.results, value.school_year)
    blocks: list[Block] = [Heading(render("levels.heading", language))]
    if not now:
        year = printing.school_year(value.school_year, language)
        return Text("levels", (*blocks, Paragraph(render("levels.nothing", language, year=year))))
    if not any(level_of(result, area) for result in now for area in ("municipality", "region", "russia")):
        return Text("levels", (*blocks, Paragraph(render("levels.empty", language))))
    blocks.append(Paragraph(render("levels.intro", language)))
    return Text("levels", tuple(blocks))


def describe_agreement(released: School, language: str) -> Text:
    """How marks of the work agree with the journal, and what disagreement may come from."""
    blocks: list[Block] = [Heading(render("agreement.heading", language))]
    code = "agreement.intro" if latest_agreement(released.value) else "agreement.empty"
    blocks.append(Paragraph(render(code, language)))
    return Text("agreement", tuple(blocks))


def describe_participation(released: School, language: str) -> Text:
    """In which programmes of help the school takes part."""
    value = released.value
    blocks: list[Block] = [Heading(render("participation.heading", language))]
    if not value.participation:
        return Text("participation", (*blocks, Paragraph(render("participation.empty", language))))
    items = tuple(
        render(
            "participation.item",
            language,
            programme=item.programme,
            year=printing.school_year(item.cohort_year, language),
        )
        for item in value.participation
    )
    blocks += [Bullets(items), Paragraph(render("participation.note", language), "note")]
    return Text("participation", tuple(blocks))


SECTIONS = {
    "summary": describe_summary,
    "context": describe_context,
    "results": describe_results,
    "trend": describe_trend,
    "levels": describe_levels,
    "agreement": describe_agreement,
    "participation": describe_participation,
}
