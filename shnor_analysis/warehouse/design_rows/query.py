"""The query for the rows of a model: the numbers and categories of its terms, complete rows only."""

from __future__ import annotations

from dataclasses import dataclass

from shnor_analysis.warehouse.moments.source import Rows, is_number, quoted

# groups on which it is tried whether equal rows repeat
GROUPS_TRIED = 3
# rows that remain of a group when equal ones are counted into one, above which nothing is won
WORTH_COLLAPSING = 0.5


@dataclass(frozen=True, slots=True)
class RowQuery:
    """What is asked of each row.

    Attributes:
        table: What stands after FROM.
        groups: Columns of the groupings.
        factors: Columns that stand as categories.
        atoms: SQL of the numbers of the terms.
        outcome: SQL of the outcome.
        trials: Column of trials.
        present: Columns that must not be empty.
    """

    table: str
    groups: tuple[str, ...]
    factors: tuple[str, ...]
    atoms: tuple[str, ...]
    outcome: str
    trials: str | None
    present: tuple[str, ...]

    @property
    def condition(self) -> str:
        """Which rows are complete; a row without trials tells nothing."""
        tests = [f"{quoted(one)} IS NOT NULL" for one in self.present]
        tests += [is_number(one) for one in (*self.atoms, self.outcome)]
        if self.trials is not None:
            tests.append(f"{quoted(self.trials)} <> 0")
        return " AND ".join(tests)

    def rows(self) -> str:
        """Each complete row: g0…, f0…, a0…, y and t."""
        trials = [] if self.trials is None else [f"{quoted(self.trials)}::DOUBLE AS t"]
        chosen = [*self._keys, f"{self.outcome} AS y", *trials]
        return f"SELECT {', '.join(chosen)} FROM {self.table} WHERE {self.condition}"

    def cells(self) -> str:
        """Equal rows of a group counted into one: y successes among t rows; `wrong` where an outcome is not 0 or 1."""
        chosen = [*self._keys, f"sum({self.outcome}) AS y", "count(*)::DOUBLE AS t"]
        wrong = f"bool_or({self.outcome} NOT IN (0, 1)) AS wrong"
        return f"SELECT {', '.join([*chosen, wrong])} FROM {self.table} WHERE {self.condition} GROUP BY ALL"

    @property
    def _keys(self) -> list[str]:
        named = [(f"g{at}", quoted(one)) for at, one in enumerate(self.groups)]
        named += [(f"f{at}", quoted(one)) for at, one in enumerate(self.factors)]
        named += [(f"a{at}", one) for at, one in enumerate(self.atoms)]
        return [f"{sql} AS {name}" for name, sql in named]

    def is_worth_collapsing(self, rows: Rows) -> bool:
        """Whether equal rows repeat inside groups, as a few groups show."""
        if self.trials is not None:
            return False
        if not self.atoms:
            return True
        names = ", ".join(f"g{at}" for at in range(len(self.groups)))
        kept = f"SELECT {', '.join(self._keys)} FROM {self.table} WHERE {self.condition}"
        tried = f"SELECT * FROM kept WHERE ({names}) IN (SELECT ({names}) FROM kept LIMIT {GROUPS_TRIED})"
        counts = "(SELECT count(*) FROM (SELECT DISTINCT * FROM tried)), (SELECT count(*) FROM tried)"
        left, several = rows.row(f"WITH kept AS ({kept}), tried AS ({tried}) SELECT {counts}")
        return bool(left < WORTH_COLLAPSING * several)
