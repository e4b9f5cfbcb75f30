"""Groups of rows that come in batches: values to codes, as the levels number them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shnor_analysis.kernels.multilevel import CannotFit
from shnor_analysis.warehouse.moments.hierarchy import (
    Coded,
    Grouping,
    Hierarchy,
    code_column,
    find_hierarchy,
    joint_codes,
)
from shnor_analysis.warehouse.moments.request import Request
from shnor_analysis.warehouse.moments.source import Rows, quoted


@dataclass(frozen=True, slots=True)
class GroupCodes:
    """Codes of groups in batches: values to places, joint places to groups."""

    columns: Mapping[str, Coded]
    values: Mapping[str, pa.Array]
    joints: tuple[tuple[Grouping, npt.NDArray[np.int64], npt.NDArray[np.int64]], ...]

    def codes(self, table: pa.Table) -> npt.NDArray[np.int64]:
        """Code of each row's group on each level."""
        places = {
            name: pc.index_in(table.column(name).combine_chunks().cast(values.type), values)
            .to_numpy()
            .astype(np.int64)
            for name, values in self.values.items()
        }
        made = []
        for grouping, present, group in self.joints:
            joint = joint_codes(grouping, places, self.columns)
            made.append(group[np.searchsorted(present, joint)])
        return np.array(made)


def find_groups(
    asked: Request, rows: Rows, extra: Sequence[str], *, may_cross: bool
) -> tuple[Hierarchy, GroupCodes]:
    """The groups of all rows, and how rows that come in batches find theirs.

    Parameters:
        asked: What is asked, with its groupings.
        rows: The source.
        extra: Columns that must not be empty besides those asked for.
        may_cross: Whether groupings need not lie in one another.

    Raises:
        CannotFit: ``no_rows``.
        UsageProblem: ``groups_crossed``.
    """
    names = asked.group_columns
    listed = ", ".join(quoted(one) for one in names)
    present = rows.complete((*asked.columns, *extra))
    table = rows.fetch(f"SELECT DISTINCT {listed} FROM {rows.table} WHERE {present}")
    if len(table) == 0:
        raise CannotFit("no_rows")
    columns = {
        name: code_column(table.column(name).combine_chunks(), rows.orders.get(name)) for name in names
    }
    hierarchy = find_hierarchy(asked.groupings, columns, may_cross=may_cross)
    values = {name: _values_by_code(table.column(name), columns[name]) for name in names}
    joints = []
    for grouping, codes in zip(hierarchy.groupings, hierarchy.codes, strict=True):
        joint = joint_codes(grouping, {name: columns[name].codes for name in grouping}, columns)
        present_joint, first = np.unique(joint, return_index=True)
        joints.append((grouping, present_joint, codes[first]))
    return hierarchy, GroupCodes(columns, values, tuple(joints))


def _values_by_code(values: pa.ChunkedArray, coded: Coded) -> pa.Array:
    """The value behind each code, in the type of the data."""
    first = np.empty(len(coded.labels), dtype=np.int64)
    first[coded.codes] = np.arange(len(coded.codes))
    taken = values.combine_chunks().take(pa.array(first))
    return taken.cast(taken.type.value_type) if pa.types.is_dictionary(taken.type) else taken
