"""Columns of a design as polynomials: indicators of factor levels times numbers, so that products need few sums.

A monomial is a set of (factor, level) with a multiset of atoms; an atom is a number computed in each row, from which a
constant near its mean has been taken. An indicator times itself is itself, two levels of one factor exclude each
other, so most products of dummy columns are sums that are known already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Indicators: TypeAlias = tuple[tuple[str, int], ...]
Atoms: TypeAlias = tuple[int, ...]
Monomial: TypeAlias = tuple[Indicators, Atoms]
Polynomial: TypeAlias = Mapping[Monomial, float]

ONE: Monomial = ((), ())


@dataclass(frozen=True, slots=True)
class Atom:
    """A number of each row: its SQL, and the constant that is taken from it."""

    sql: str
    shift: float = 0.0


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the design: ``polynomial`` is the column less ``shift``."""

    name: str
    polynomial: Polynomial
    shift: float = 0.0


def of_factor(factor: str, coding: Sequence[float]) -> Polynomial:
    """A coded factor: the number that each level has, with the first level told from the total."""
    base = float(coding[0])
    terms: dict[Monomial, float] = {ONE: base} if base else {}
    for level, value in enumerate(coding[1:], start=1):
        if float(value) != base:
            terms[(((factor, level),), ())] = float(value) - base
    return terms


def of_atom(atom: int, shift: float) -> Polynomial:
    """A number with the constant given back to it."""
    terms: dict[Monomial, float] = {((), (atom,)): 1.0}
    if shift:
        terms[ONE] = shift
    return terms


def times(left: Polynomial, right: Polynomial) -> Polynomial:
    """The product of two polynomials."""
    terms: dict[Monomial, float] = {}
    for one, a in left.items():
        for other, b in right.items():
            product = _monomial(one, other)
            if product is not None:
                terms[product] = terms.get(product, 0.0) + a * b
    return terms


def scaled(polynomial: Polynomial, factor: float) -> Polynomial:
    """A polynomial times a number."""
    return {monomial: value * factor for monomial, value in polynomial.items()}


def _monomial(left: Monomial, right: Monomial) -> Monomial | None:
    """The product of two monomials; None where two levels exclude each other."""
    levels = dict(left[0])
    for factor, level in right[0]:
        if levels.setdefault(factor, level) != level:
            return None
    return tuple(sorted(levels.items())), tuple(sorted(left[1] + right[1]))
