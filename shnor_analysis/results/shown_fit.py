"""A fitted model as a page shows it: the only place where its numbers are rounded and get words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from shnor_analysis.language import number, render, render_count

if TYPE_CHECKING:
    from shnor_analysis.results.fitted_model import FittedModel

SIGNIFICANT = 3
MOST_DECIMALS = 8
SMALLEST_P = 0.001
INFINITY = "∞"
COEFFICIENT_HEAD = ("term", "estimate", "std_error", "df", "statistic", "p_value", "low", "high")
COMPONENT_HEAD = ("group", "terms", "variance", "sd_or_corr")
# a notebook has no style sheet of the house; colours are left to its theme
STYLE = (
    ".shnor-fit table {border-collapse: collapse; margin: 0.6em 0;} "
    ".shnor-fit caption {text-align: left; font-weight: bold; padding: 2px 0;} "
    ".shnor-fit th, .shnor-fit td {padding: 2px 10px; text-align: right; border-bottom: 1px solid #8884;} "
    ".shnor-fit table tr .words {text-align: left;} "
    ".shnor-fit p {margin: 0.3em 0;} .shnor-fit p.caution {font-weight: bold;}"
)


@dataclass(frozen=True, slots=True)
class _Table:
    """A printed table: the first `n_words` columns hold words."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_words: int

    def html(self) -> Iterator[str]:
        yield f"<table><caption>{escape(self.caption)}</caption><thead>{self._row(self.head, 'th')}</thead><tbody>"
        yield from (self._row(row, "td") for row in self.rows)
        yield "</tbody></table>"

    def _row(self, cells: Sequence[str], tag: str) -> str:
        classes = [' class="words"' if at < self.n_words else "" for at in range(len(cells))]
        made = (f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(classes, cells, strict=True))
        return f"<tr>{''.join(made)}</tr>"

    def plain(self) -> Iterator[str]:
        widths = [max(len(row[at]) for row in (self.head, *self.rows)) for at in range(len(self.head))]
        yield self.caption
        for row in (self.head, *self.rows):
            cells = (
                cell.ljust(width) if at < self.n_words else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            yield "  ".join(cells).rstrip()


def html(fit: FittedModel, language: str) -> str:
    """The model as markup; everything that came from data is escaped."""
    parts = [f'<div class="shnor-fit"><style>{STYLE}</style>', f"<p><code>{escape(fit.formula)}</code></p>"]
    parts += [f"<p>{escape(line)}</p>" for line in _header(fit, language)]
    parts += [f'<p class="caution">{escape(line)}</p>' for line in _cautions(fit, language)]
    for table in _tables(fit, language):
        parts += table.html()
    return "".join([*parts, "</div>"])


def plain(fit: FittedModel, language: str) -> str:
    """The model as text."""
    lines = [fit.formula, *_header(fit, language), *_cautions(fit, language)]
    for table in _tables(fit, language):
        lines += ["", *table.plain()]
    return "\n".join(lines)


def _header(fit: FittedModel, language: str) -> Iterator[str]:
    facts = fit.facts
    yield f"{render(f'fit.model.{fit.model}', language)}, {render(f'fit.method.{fit.method}', language)}."
    sizes = [render_count("fit.rows", language, facts.n_obs, printed=number(facts.n_obs, language))]
    sizes += [render("fit.groups", language, group=group, n=number(n, language)) for group, n in facts.groups]
    if facts.rows_dropped:
        sizes.append(render("fit.dropped", language, n=number(facts.rows_dropped, language)))
    if facts.n_imputations:
        sizes.append(render("fit.imputations", language, n=facts.n_imputations))
    yield "; ".join(sizes) + "."
    errors = render(f"fit.errors.{fit.errors}", language)
    yield f"{errors}; {render(f'fit.df.{facts.df_method}', language)}."
    if facts.df_absorbed is not None:
        yield render(
            "fit.absorbed",
            language,
            n=number(facts.df_absorbed, language),
            residual=number(facts.df_residual or 0, language),
        )
    measures = "; ".join(_measures(fit, language))
    if measures:
        yield f"{measures[0].upper()}{measures[1:]}."
    if facts.converged and facts.iterations:
        yield render("fit.converged", language)


def _measures(fit: FittedModel, language: str) -> Iterator[str]:
    for name, decimals in (("loglik", 2), ("aic", 1), ("bic", 1), ("icc", 3)):
        value = getattr(fit.facts, name)
        if value is not None:
            yield render(f"fit.measure.{name}", language, value=number(value, language, decimals))
    if fit.facts.r2_marginal is not None:
        code = "r2" if fit.facts.r2_conditional is None else "r2_marginal"
        yield render(f"fit.measure.{code}", language, value=number(fit.facts.r2_marginal, language, 3))
    if fit.facts.r2_conditional is not None:
        value = number(fit.facts.r2_conditional, language, 3)
        yield render("fit.measure.r2_conditional", language, value=value)


def _cautions(fit: FittedModel, language: str) -> Iterator[str]:
    if not fit.facts.converged:
        yield render("fit.not_converged", language)
    if fit.facts.is_singular:
        yield render("fit.singular", language)


def _tables(fit: FittedModel, language: str) -> Iterator[_Table]:
    percent = round(fit.level * 100, 6)
    share = number(percent, language, 0 if percent.is_integer() else 1)
    head = tuple(render(f"fit.column.{name}", language, level=share) for name in COEFFICIENT_HEAD)
    rows = (_coefficient(row, language) for row in fit.tidy().to_dict(orient="records"))
    yield _Table(render("fit.table.coefficients", language), head, tuple(rows), 1)
    if fit.components:
        head = tuple(render(f"fit.column.{name}", language) for name in COMPONENT_HEAD)
        yield _Table(render("fit.table.components", language), head, tuple(_component_rows(fit, language)), 2)


def _coefficient(row: dict[Any, Any], language: str) -> tuple[str, ...]:
    decimals = _decimals(row["std_error"] or row["estimate"])
    shown = [number(row[name], language, decimals) for name in ("estimate", "std_error")]
    df = INFINITY if math.isinf(row["df"]) else number(row["df"], language, 1)
    statistic = INFINITY if not math.isfinite(row["statistic"]) else number(row["statistic"], language, 2)
    ends = [number(row[name], language, decimals) for name in ("conf_low", "conf_high")]
    return (str(row["term"]), *shown, df, statistic, _p(row["p_value"], language), *ends)


def _component_rows(fit: FittedModel, language: str) -> Iterator[tuple[str, ...]]:
    for one in fit.components:
        group = render("fit.residual", language) if one.term_1 is None else one.group
        terms = " × ".join(name for name in (one.term_1, one.term_2) if name)
        last = 3 if one.term_2 else _decimals(one.sd_or_corr)
        variance = number(one.variance, language, _decimals(one.variance))
        yield group, terms, variance, number(one.sd_or_corr, language, last)


def _p(value: float, language: str) -> str:
    if value < SMALLEST_P:
        return f"< {number(SMALLEST_P, language, 3)}"
    return number(value, language, 3)


def _decimals(size: float) -> int:
    """Decimals that show a number of this size with its significant digits."""
    if size == 0 or not math.isfinite(size):
        return SIGNIFICANT
    return min(max(SIGNIFICANT - 1 - math.floor(math.log10(abs(size))), 0), MOST_DECIMALS)
