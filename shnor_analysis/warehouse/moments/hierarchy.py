"""How groups lie in one another: found from the data, as lme4 finds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shnor_analysis.errors import Problem, UsageProblem
from shnor_analysis.kernels.multilevel import Level

Codes = npt.NDArray[np.int64]
Grouping = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coded:
    """Values of one column in a few rows, coded.

    Attributes:
        codes: Place of each row's value among `labels`, shape (rows,).
        labels: The different values in their order, shape (values,).
    """

    codes: Codes
    labels: npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Groupings of cells, innermost first.

    Attributes:
        groupings: Columns of each level.
        codes: Group of each cell on each level.
        labels: Labels of the groups of each level.
    """

    groupings: tuple[Grouping, ...]
    codes: tuple[Codes, ...]
    labels: tuple[npt.NDArray[np.object_], ...]

    def levels(self, rows: npt.NDArray[np.int64]) -> tuple[Level, ...]:
        """The levels as the kernels take them.

        Parameters:
            rows: Rows in each cell.
        """
        made = []
        for at, (grouping, codes, labels) in enumerate(
            zip(self.groupings, self.codes, self.labels, strict=True)
        ):
            sizes = np.bincount(codes, weights=rows, minlength=len(labels)).astype(np.int64)
            parent = None
            if at + 1 < len(self.groupings):
                parent = np.empty(len(labels), dtype=np.intp)
                parent[codes] = self.codes[at + 1]
            made.append(Level(":".join(grouping), labels, parent, sizes))
        return tuple(made)


def code_column(values: pa.Array, order: Sequence[Any] | None) -> Coded:
    """Code a column: labels in the order of its categories, else sorted."""
    plain = values.cast(values.type.value_type) if pa.types.is_dictionary(values.type) else values
    encoded = plain.dictionary_encode()
    known = encoded.dictionary
    if order is None:
        ranks = np.asarray(pc.array_sort_indices(known))
    else:
        place = {value: at for at, value in enumerate(order)}
        ranks = np.array(sorted(range(len(known)), key=lambda at: place[known[at].as_py()]), dtype=np.int64)
    position = np.empty(len(known), dtype=np.int64)
    position[ranks] = np.arange(len(known))
    labels = np.empty(len(known), dtype=object)
    labels[:] = whole_codes(known.take(pa.array(ranks)).to_pylist())
    return Coded(position[np.asarray(encoded.indices)], labels)


def whole_codes(labels: Sequence[Any]) -> list[Any]:
    """Codes of groups that became decimals beside empty cells are whole again; an empty cell stays None."""
    known = [one for one in labels if one is not None]
    if all(isinstance(one, float) and one.is_integer() for one in known):
        return [None if one is None else int(one) for one in labels]
    return list(labels)


def find_hierarchy(
    groupings: Sequence[Grouping], columns: Mapping[str, Coded], *, may_cross: bool = False
) -> Hierarchy:
    """Put groupings in order, innermost first, and number their groups.

    Parameters:
        groupings: Columns of each grouping.
        columns: The coded columns.
        may_cross: Whether groupings need not lie in one another; then they stand by their number of groups.

    Raises:
        UsageProblem: ``groups_crossed`` when a group lies in two groups of a coarser grouping: codes of classes that
            repeat from school to school, or effects that truly cross.
    """
    coded = [_joint(one, columns) for one in groupings]
    order = sorted(range(len(groupings)), key=lambda at: (-len(coded[at][1]), at))
    for inner, outer in () if may_cross else pairwise(order):
        _check_nested(
            groupings[inner],
            groupings[outer],
            _Pair(coded[inner][0], coded[outer][0], coded[inner][1], coded[outer][1]),
        )
    return Hierarchy(
        tuple(groupings[at] for at in order),
        tuple(coded[at][0] for at in order),
        tuple(coded[at][1] for at in order),
    )


def joint_codes(grouping: Grouping, places: Mapping[str, Codes], columns: Mapping[str, Coded]) -> Codes:
    """One number for the values of several columns in each row, in the order of their labels.

    Parameters:
        grouping: The columns.
        places: Place of each row's value among the labels, by column, shape (rows,).
        columns: Their labels.
    """
    joint = places[grouping[0]]
    for name in grouping[1:]:
        joint = joint * len(columns[name].labels) + places[name]
    return joint


def _joint(grouping: Grouping, columns: Mapping[str, Coded]) -> tuple[Codes, npt.NDArray[np.object_]]:
    """Groups of several columns: ``class:school`` has the labels of both, as in lme4."""
    first = columns[grouping[0]]
    if len(grouping) == 1:
        return first.codes, first.labels
    codes = joint_codes(grouping, {name: columns[name].codes for name in grouping}, columns)
    present, index = np.unique(codes, return_inverse=True)
    parts = []
    for name in reversed(grouping[1:]):
        present, place = np.divmod(present, len(columns[name].labels))
        parts.append(columns[name].labels[place])
    parts.append(first.labels[present])
    labels = np.empty(len(present), dtype=object)
    labels[:] = [":".join(map(str, one)) for one in zip(*reversed(parts), strict=True)]
    return index.astype(np.int64), labels


@dataclass(frozen=True, slots=True)
class _Pair:
    inner: Codes
    outer: Codes
    inner_labels: npt.NDArray[np.object_]
    outer_labels: npt.NDArray[np.object_]


def _check_nested(inner: Grouping, outer: Grouping, pair: _Pair) -> None:
    parent = np.empty(len(pair.inner_labels), dtype=np.int64)
    parent[pair.inner] = pair.outer
    wrong = np.flatnonzero(parent[pair.inner] != pair.outer)
    if len(wrong) == 0:
        return
    group = pair.inner[wrong[0]]
    lies_in = sorted({str(pair.outer_labels[one]) for one in pair.outer[pair.inner == group]})[:3]
    raise UsageProblem(
        Problem(
            "groups_crossed",
            found=str(pair.inner_labels[group]),
            fields={
                "inner": ":".join(inner),
                "outer": ":".join(outer),
                "several": ", ".join(lies_in),
                "spelled": f"(1 | {':'.join(outer)}/{inner[0]})",
                "turned": f"(1 | {':'.join(inner)}/{outer[0]})",
            },
        )
    )
