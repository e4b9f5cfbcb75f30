"""Numbers as people read them: the only place where values are rounded and get percent signs, commas and plurals."""

from __future__ import annotations

from datetime import date, datetime
from statistics import NormalDist

from babel.dates import format_date

from shnor_analysis.evaluation.facts import Measure, Number, Procedure
from shnor_analysis.glossary import label
from shnor_analysis.language import HARD_SPACE as HARD_SPACE
from shnor_analysis.language import MINUS, render, render_count
from shnor_analysis.language import in_cases as in_cases
from shnor_analysis.language import number as number
from shnor_analysis.language import percent_sign as percent_sign
from shnor_analysis.language import school_year as school_year
from shnor_analysis.results import Estimate, NotEstimable, Suppressed

DASH = "—"
ESTIMATED = "≈"  # stands before a number tested that is not in the data
SHARE = "доля"  # the unit of the glossary that printed numbers show by themselves, as a percent sign


def points_of(share: float, language: str) -> str:
    """Print a share as a percentage without its sign: whole, with one decimal within one point of 0 and of 100."""
    percent = share * 100
    is_edge = 0 < percent < 1 or 99 < percent < 100
    return number(percent, language, 1 if is_edge else 0)


def percent(share: float, language: str) -> str:
    """Print a share (0–1) as a percentage."""
    return points_of(share, language) + percent_sign(language)


def interval(estimate: Estimate, language: str) -> str:
    """Print the interval of a share: "from 12 to 31 %"; with one decimal where both ends would be one number."""
    low, high = points_of(estimate.low, language), points_of(estimate.high, language)
    if low == high and estimate.low < estimate.high:
        low, high = (number(end * 100, language, 1) for end in (estimate.low, estimate.high))
    return render("interval.percent", language, low=low, high=high)


def signed(value: float, language: str) -> str:
    """Print a change of a share in percentage points without the unit, always with its sign."""
    text = number(value * 100, language)
    return text if text.startswith(MINUS) or text == "0" else f"+{text}"


def change(estimate: Estimate, language: str) -> str:
    """Print a change of a share in percentage points."""
    return render("change.points", language, value=signed(estimate.value, language))


def change_interval(estimate: Estimate, language: str) -> str:
    """Print the interval of a change of a share in percentage points."""
    return render(
        "interval.points", language, low=signed(estimate.low, language), high=signed(estimate.high, language)
    )


def why_not(value: NotEstimable | Suppressed, language: str) -> str:
    """Say in words why no number stands here."""
    if isinstance(value, Suppressed):
        return render(f"suppressed.{value.reason}", language)
    return render(f"not_estimable.{value.reason}", language, **value.fields)


def closed(value: Suppressed, language: str) -> str:
    """The one word that stands in a cell for a number that is not shown; a note below says why."""
    return render(f"closed.{value.reason}", language)


def share_of(measure: Measure, language: str) -> str:
    """Print a share, or the word for a closed one, or a dash where a note below says why."""
    if isinstance(measure, Estimate):
        return percent(measure.value, language)
    return closed(measure, language) if isinstance(measure, Suppressed) else DASH


def interval_of(measure: Measure, language: str) -> str:
    """Print the interval of a share, or the word for a closed one, or a dash where a note below says why."""
    if isinstance(measure, Estimate):
        return interval(measure, language)
    return closed(measure, language) if isinstance(measure, Suppressed) else DASH


def count_of(value: Number, language: str) -> str:
    """Print a count, the word for a closed one, or a dash where it is unknown."""
    if value is None:
        return DASH
    return closed(value, language) if isinstance(value, Suppressed) else number(value, language)


def tested_of(value: Number, language: str, *, is_estimated: bool) -> str:
    """Print how many were tested, with a sign before it where the number is an estimate."""
    text = count_of(value, language)
    return f"{ESTIMATED}{text}" if is_estimated and isinstance(value, int) else text


def counted(code: str, n: int, language: str, **fields: object) -> str:
    """Print a count with its noun in the right form, or a text that has no forms."""
    return render_count(code, language, n, **fields)


def of_hundred(chance: float, language: str) -> str:
    """Print a chance (0–1) as a natural frequency of one hundred schools, without pretended precision."""
    n = round(chance * 100)
    if n == 0:
        return render("frequency.nearly_none", language)
    if n == 100:
        return render("frequency.nearly_all", language)
    return render("frequency.about", language, n=n)


def at_hundred(chance: float, language: str) -> str:
    """The same within a sentence: "at about 63" of a hundred schools named before."""
    n = round(chance * 100)
    code = "nearly_none" if n == 0 else "nearly_all" if n == 100 else "about"
    return render(f"frequency.at.{code}", language, n=n)


def day(value: date | datetime | str, language: str) -> str:
    """Print a day in words; text is taken as ISO."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return format_date(moment, format="long", locale=language)


def subject(procedure: Procedure, language: str) -> str:
    """The label of the subject within a sentence."""
    return subject_named(procedure.subject, language)


def subject_named(code: str, language: str) -> str:
    """The label of a subject's code within a sentence."""
    text = label(f"subject.{code}", language)
    return text[:1].lower() + text[1:] if language == "ru" else text


def grade(procedure: Procedure, language: str) -> str:
    """The programme grade; an autumn test says that it is the grade of the programme, not of the pupils."""
    return render(f"grade.{procedure.season}", language, grade=procedure.grade)


def season(procedure: Procedure, language: str) -> str:
    """The season with its calendar year."""
    year = procedure.test_date.year if procedure.test_date else procedure.school_year - _is_autumn(procedure)
    return f"{label(f'season.{procedure.season}', language)}{HARD_SPACE}{year}"


def _is_autumn(procedure: Procedure) -> int:
    return int(procedure.season == "autumn")


def work(procedure: Procedure, language: str) -> str:
    """Assessment, subject and grade of a procedure, without the time."""
    kind = label(f"assessment.{procedure.assessment}", language)
    return f"{kind}, {subject(procedure, language)}, {grade(procedure, language)}"


def work_and_time(procedure: Procedure, language: str) -> str:
    """Everything that names a procedure."""
    return f"{work(procedure, language)}, {season(procedure, language)}"


def work_within(procedure: Procedure, language: str) -> str:
    """Subject, grade and time of a procedure in a table whose group names the assessment."""
    name = label(f"subject.{procedure.subject}", language)
    return f"{name}, {grade(procedure, language)}, {season(procedure, language)}"


def measured_range(low: float, high: float, unit: str, language: str) -> str:
    """Print two values of one unit with a dash between, the percent sign once."""
    if unit == SHARE:
        return f"{points_of(low, language)}–{percent(high, language)}"
    return f"{measured(low, unit, language)}–{measured(high, unit, language)}"


def measured(value: float, unit: str, language: str) -> str:
    """Print a value in the unit of the glossary: shares as percentages, whole numbers whole, others with one decimal."""
    if unit == SHARE:
        return percent(value, language)
    return number(value, language, 0 if float(value).is_integer() or abs(value) >= 100 else 1)


def spread(value: float, language: str) -> str:
    """Print a difference in standard deviations of pupils without the unit, always with its sign."""
    text = number(value, language, 2)
    return text if text.startswith(MINUS) or not text.strip("0,.") else f"+{text}"


def ahead_of_hundred(value: float) -> int:
    """How many of a hundred pupils the one in the middle is ahead of, a difference in standard deviations away.

    Half of them where there is no difference; never 0 or 100, which nobody could know.
    """
    return min(99, max(1, round(100 * NormalDist().cdf(value))))


def ahead(value: float, language: str) -> str:
    """Print a difference in standard deviations as pupils of a hundred: "60"."""
    return number(ahead_of_hundred(value), language)


def ahead_range(estimate: Estimate, language: str) -> str:
    """Print the interval of a difference as pupils of a hundred: "от 54 до 65"."""
    return render(
        "interval.plain", language, low=ahead(estimate.low, language), high=ahead(estimate.high, language)
    )


def ahead_interval(estimate: Estimate, language: str) -> str:
    """Print a difference as pupils of a hundred with its interval: "60 (от 54 до 65)"."""
    told = ahead_range(estimate, language)
    return render("interval.with_value", language, value=ahead(estimate.value, language), range=told)


def within(text: str) -> str:
    """A label within a sentence: its first letter small, unless it starts an abbreviation."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def p_value(p: float, language: str) -> str:
    """Print a p: "p = 0,21", with three decimals below 0.1, and never as zero."""
    if p < 0.001:
        return f"p < {number(0.001, language, 3)}"
    return f"p = {number(p, language, 2 if p >= 0.1 else 3)}"


def between(low: float, high: float, language: str) -> str:
    """Print two differences in standard deviations as the bounds of one interval: "между −0,09 и +0,29"."""
    return render("interval.between", language, low=spread(low, language), high=spread(high, language))


def spread_interval(value: float, low: float, high: float, *, language: str) -> str:
    """Print a difference in standard deviations with its interval: "+0,07 (от −0,09 до +0,23)"."""
    told = render("interval.plain", language, low=spread(low, language), high=spread(high, language))
    return render("interval.with_value", language, value=spread(value, language), range=told)


def points(value: float, language: str) -> str:
    """Print percentage points that are percentage points already, without the unit, always with their sign."""
    return signed(value / 100, language)


def points_interval(value: float, low: float, high: float, *, language: str) -> str:
    """Print percentage points with their interval: "−2 (от −7 до +2)"."""
    told = render("interval.plain", language, low=points(low, language), high=points(high, language))
    return render("interval.with_value", language, value=points(value, language), range=told)


def fewer_of_hundred(low: float, high: float, language: str) -> str:
    """Print bounds of pupils of a hundred without the lowest mark: "от 2 учеников больше до 8 учеников меньше"."""
    least, most = round(low), round(high)
    if least < 0 < most:
        return render(
            "hundred.both",
            language,
            more=counted("hundred.pupils", -least, language),
            fewer=counted("hundred.pupils", most, language),
        )
    ends = sorted((abs(least), abs(most)))
    code = "hundred.fewer" if most > 0 else "hundred.more" if least < 0 else "hundred.same"
    return render(
        code, language, low=number(ends[0], language), high=counted("hundred.pupils", ends[1], language)
    )


def whole(value: float | Suppressed | None, language: str) -> str:
    """Print an expected number of schools within a sentence: whole, the word for a closed one, or a dash."""
    if value is None:
        return DASH
    return closed(value, language) if isinstance(value, Suppressed) else number(value, language)


def expected_number(value: float | Suppressed | None, language: str) -> str:
    """Print an expected number of schools in a table: with one decimal."""
    return number(value, language, 1) if isinstance(value, float) else whole(value, language)


def count_range(low: Number, high: Number, language: str) -> str:
    """Print bounds of a number of schools: "от 1 до 5"; the word for a closed one, or a dash."""
    for end in (low, high):
        if not isinstance(end, int):
            return count_of(end, language)
    return render("interval.plain", language, low=count_of(low, language), high=count_of(high, language))


def begun(text: str) -> str:
    """A reason or a name at the beginning of a sentence: its first letter large."""
    return text[:1].upper() + text[1:]
