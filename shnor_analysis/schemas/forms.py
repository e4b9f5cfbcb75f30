"""What a person is asked for in a table's template, and the layout by which a filled one is recognised."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from shnor_analysis.glossary import Term, group, term
from shnor_analysis.reference.layouts import Layout, LayoutColumn
from shnor_analysis.schemas import TABLES, Table

TEMPLATE_ORDER = {
    "schools": 10,
    "school_aliases": 20,
    "factors": 30,
    "pupils": 40,
    "listings": 90,
    "participation": 91,
}
DEFAULT_ORDER = 60
# worked out when the file is read, never asked for
DERIVED = ("counts_rebuilt", "tested_n_is_estimated", "result_source")
CODES = {"pupil_id": "pupil_code", "link_id": "link_code"}
# results of pupils bring the pupils along: a result refers to its pupil
TABLES_FILLED = {"pupil_results": ("pupils", "pupil_results")}
KINDS = {
    "school_year": "school_year",
    "cohort_year": "school_year",
    "grade": "grade",
    "mark": "mark",
    "journal_mark": "mark",
}
# people write shares as percentages, as every file of a department has them
SHARE, PERCENT = "_share", (0.0, 100.0)
OPEN_LISTS = ("assessment", "subject")
FACTOR = "factor"
# indicators of the two examples alone: no department is asked for them
OF_EXAMPLES = ("factor.boiler_age_years", "factor.spending_usd", "factor.lunch_share")


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """A column of a template: the field it fills, how it is read, and the values to choose from (glossary group).

    Shares are asked for as percentages, 0–100.
    """

    field: str
    kind: str
    limits: tuple[float, float] | None
    choices: str
    is_open: bool
    is_required: bool

    @property
    def term(self) -> Term:
        """Label and definition."""
        return term(self.field)


def template_columns(table: Table) -> tuple[TemplateColumn, ...]:
    """The columns that a person fills in: derived ones and lineage left out, pseudonyms asked for as codes.

    The table `factors` is asked for as a wide sheet: a column an indicator, `factor.<code>`.
    """
    if table.name == "factors":
        keys = (_column(table, name) for name in table.key if name != FACTOR)
        return (*keys, *(_factor(one.key) for one in group(FACTOR) if one.key not in OF_EXAMPLES))
    return tuple(_column(table, name) for name in table.own_columns if name not in DERIVED)


def template_layout(table: Table) -> Layout:
    """The layout of a filled template: headers are the glossary's Russian labels, the English ones are aliases."""
    return Layout(
        code=f"template_{table.name}",
        title=f"Шаблон: {term(f'table.{table.name}').ru}",
        sheet=term(f"table.{table.name}").ru,
        shape="rows",
        order=TEMPLATE_ORDER.get(table.name, DEFAULT_ORDER),
        assessment="",
        tables=TABLES_FILLED.get(table.name, (table.name,)),
        source=f"shnor template {table.name}",
        is_verified=True,
        columns=tuple(
            LayoutColumn(
                header=column.term.ru,
                field=column.field,
                kind=column.choices or column.kind,
                aliases=(column.term.en,),
                is_required=column.is_required,
            )
            for column in template_columns(table)
        ),
    )


@lru_cache(maxsize=1)
def template_layouts() -> dict[str, Layout]:
    """The layouts of all templates by code."""
    return {layout.code: layout for layout in map(template_layout, TABLES.values())}


def _column(table: Table, name: str) -> TemplateColumn:
    facts = table.facts(name)
    kind = "percent" if name.endswith(SHARE) else KINDS.get(name, table.kind(name)).replace("choice", "text")
    field = CODES.get(name, name)
    choices = name if "values" in facts or name in OPEN_LISTS else ""
    low, high = PERCENT if name.endswith(SHARE) else (facts.get("low"), facts.get("high"))
    return TemplateColumn(
        field=field,
        kind="identifier" if field != name else kind,
        limits=None if low is None or high is None else (float(str(low)), float(str(high))),
        choices=choices,
        is_open=name in OPEN_LISTS,
        is_required=table.is_required(name),
    )


def _factor(key: str) -> TemplateColumn:
    is_share = key.endswith(SHARE)
    kind, limits = ("percent", PERCENT) if is_share else ("number", (0.0, 1e12))
    return TemplateColumn(key, kind, limits, choices="", is_open=False, is_required=False)
