"""Past lists beside what was predicted of them, drawn by hand: numbers know nothing of the libraries for pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from shnor_analysis.language import number, render, school_year
from shnor_analysis.results.values import NotEstimable

if TYPE_CHECKING:
    from shnor_analysis.results.list_flow import ListFlowPrediction

# the colours of the house's figures; words take that of the page, be it light or dark
BLUE, ORANGE = "#0b5394", "#b8500c"
FONT = "font-family:system-ui,sans-serif;font-size:12px"
NAMES, PLOT, TOLD, ROW = 130, 300, 240, 24
HEAD, FOOT, BAR = 8, 62, 12
MOST_TICKS = 7
# width of a letter at 12 px, enough to keep words of the legend apart
LETTER = 6.6


@dataclass(frozen=True, slots=True)
class CalibrationPicture:
    """Markup of the picture, and the same in words for those who do not see it."""

    svg: str
    words: str

    def __str__(self) -> str:
        return self.words

    def _repr_html_(self) -> str:
        return self.svg


@dataclass(frozen=True, slots=True)
class _Line:
    """A list: bounds and mean of its leavers, and how many left; `is_own` marks the list that is asked about."""

    name: str
    expected: float
    low: int
    high: int
    observed: int | None
    is_own: bool

    def told(self, language: str) -> str:
        """The row in words."""
        code = "list_flow_shown.row.coming" if self.observed is None else "list_flow_shown.row"
        places = {"expected": number(self.expected, language, 1), "low": self.low, "high": self.high}
        return render(code, language, **places, observed=self.observed)


def calibration_picture(flow: ListFlowPrediction, language: str) -> CalibrationPicture | NotEstimable:
    """Draw a row a past list: bounds as a bar, the mean as a line, a dot for those who left; the list itself below.

    Returns:
        The picture; NotEstimable ``list_unchecked`` where no past list was predicted.
    """
    if not flow.calibration:
        return NotEstimable("list_unchecked")
    lines = _lines(flow, language)
    most = max(max(one.high, one.observed or 0) for one in lines)
    height = HEAD + ROW * len(lines) + FOOT
    words = render(
        "alt.calibration",
        language,
        rows="; ".join(f"{one.name}: {one.told(language)}" for one in lines),
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(words)}" '
        f'viewBox="0 0 {NAMES + PLOT + TOLD} {height}" width="{NAMES + PLOT + TOLD}" '
        f'style="max-width:100%;{FONT}" fill="currentColor">',
        *_axis(most, len(lines), language),
        *(part for at, one in enumerate(lines) for part in _row(at, one, most, language)),
        *_legend(HEAD + ROW * len(lines) + FOOT - 8, lines, language),
        "</svg>",
    ]
    return CalibrationPicture("".join(parts), words)


def _lines(flow: ListFlowPrediction, language: str) -> list[_Line]:
    past = [
        _Line(
            name=render("row.list", language, year=school_year(one.year, language)),
            expected=one.expected_leavers,
            low=one.leavers_low,
            high=one.leavers_high,
            observed=one.observed_leavers,
            is_own=False,
        )
        for one in flow.calibration
    ]
    own = _Line(
        name=render("row.list", language, year=school_year(flow.year, language)),
        expected=flow.expected_leavers,
        low=flow.leavers_low,
        high=flow.leavers_high,
        observed=flow.observed_leavers,
        is_own=True,
    )
    return [*past, own]


def _place(leavers: float, most: int) -> float:
    """Where a number of leavers lies; half a school is left free at either end."""
    return NAMES + PLOT * (leavers + 0.5) / (most + 1)


def _axis(most: int, rows: int, language: str) -> Iterator[str]:
    foot = HEAD + ROW * rows
    step = next(
        one * 10**power for power in range(9) for one in (1, 2, 5) if most / (one * 10**power) < MOST_TICKS
    )
    for tick in range(0, most + 1, step):
        at = _place(tick, most)
        yield f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{HEAD}" y2="{foot}" stroke="currentColor" opacity="0.15"/>'
        yield f'<text x="{at:.1f}" y="{foot + 14}" text-anchor="middle">{number(tick, language)}</text>'
    title = escape(render("axis.leavers", language))
    yield f'<text x="{NAMES + PLOT}" y="{foot + 30}" text-anchor="end" opacity="0.75">{title}</text>'


def _row(at: int, line: _Line, most: int, language: str) -> Iterator[str]:
    middle = HEAD + ROW * at + ROW / 2
    left, right = _place(line.low - 0.15, most), _place(line.high + 0.15, most)
    if line.is_own:
        y = middle - ROW / 2
        yield f'<line x1="0" x2="{NAMES + PLOT + TOLD}" y1="{y}" y2="{y}" stroke="currentColor" opacity="0.4"/>'
    yield f'<text x="0" y="{middle + 4}">{escape(line.name)}</text>'
    yield _bar(left, middle, right - left)
    yield _tick(_place(line.expected, most), middle)
    if line.observed is not None:
        yield _dot(_place(line.observed, most), middle, is_own=line.is_own)
    yield f'<text x="{NAMES + PLOT + 12}" y="{middle + 4}" opacity="0.75">{escape(line.told(language))}</text>'


def _bar(left: float, middle: float, width: float) -> str:
    return (
        f'<rect x="{left:.1f}" y="{middle - BAR / 2:.1f}" width="{width:.1f}" height="{BAR}" '
        f'fill="{BLUE}" fill-opacity="0.25" stroke="{BLUE}" stroke-width="0.7"/>'
    )


def _tick(at: float, middle: float) -> str:
    y1, y2 = middle - BAR / 2, middle + BAR / 2
    return f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{y1}" y2="{y2}" stroke="currentColor" stroke-width="1.6"/>'


def _dot(at: float, middle: float, *, is_own: bool) -> str:
    return f'<circle cx="{at:.1f}" cy="{middle}" r="4.5" fill="{ORANGE if is_own else BLUE}"/>'


def _legend(y: float, lines: list[_Line], language: str) -> Iterator[str]:
    """What bar, line and dots mean, each with its word."""
    marks: list[tuple[str, float, Callable[[float], str]]] = [
        ("legend.predicted", 18.0, lambda x: _bar(x, y - 4, 16)),
        ("legend.middle", 9.0, lambda x: _tick(x + 4, y - 4)),
        ("legend.left", 14.0, lambda x: _dot(x + 6, y - 4, is_own=False)),
    ]
    if lines[-1].observed is not None:
        marks.append(("list_flow_shown.legend.own", 14.0, lambda x: _dot(x + 6, y - 4, is_own=True)))
    at = float(NAMES)
    for code, width, draw in marks:
        word = render(code, language)
        yield draw(at)
        yield f'<text x="{at + width + 4:.1f}" y="{y}">{escape(word)}</text>'
        at += width + 4 + LETTER * len(word) + 18
