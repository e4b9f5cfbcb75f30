"""One index of circumstances in the place of many factors, where schools are too few to tell the factors apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from shnor_analysis.kernels.principal_component import FirstComponent, first_component
from shnor_analysis.models.factor_questions import Questions
from shnor_analysis.results.factor_influence import IndexWeight

Array = NDArray[np.float64]


def build_index(questions: Questions, harder: Mapping[str, float]) -> tuple[Questions, FirstComponent]:
    """Fold the factors into their first principal component over schools; one school one vote.

    Args:
        questions: The factors asked.
        harder: By factor, above 0 where a higher value is harder for a school, below 0 where it is easier. Factors
            that are not named count by how their school means go with those of the outcomes: harder circumstances
            are those that go with lower results.

    Returns:
        The question about the index alone, and how the index is made.

    Raises:
        ValueError: A factor does not vary between schools.
    """
    columns = questions.factor_columns
    values = questions.school_means(columns)
    component = first_component(values, directions=_directions(questions, values, harder))
    return questions.with_index(component.weights / component.sds, component.means), component


def _directions(questions: Questions, values: Array, harder: Mapping[str, float]) -> Array:
    outcomes = questions.school_means([one for many in questions.outcomes.values() for one in many])
    spreads = outcomes.std(axis=0)
    standard = (outcomes - outcomes.mean(axis=0)) / np.where(spreads > 0, spreads, 1.0)
    level = standard.mean(axis=1)
    centred = (values - values.mean(axis=0)) / values.std(axis=0)
    found = -(centred.T @ level) / len(values)
    names = [one.name for one in questions.factors for _ in one.columns]
    return np.array([harder.get(name, own) for name, own in zip(names, found, strict=True)])


def weights_of(questions: Questions, component: FirstComponent) -> tuple[IndexWeight, ...]:
    """The weights as a result: `questions` are those that had all factors."""
    columns = [
        (one.name, questions.moments.columns[column]) for one in questions.factors for column in one.columns
    ]
    return tuple(
        IndexWeight(factor, term, float(weight), float(mean), float(sd))
        for (factor, term), weight, mean, sd in zip(
            columns, component.weights, component.means, component.sds, strict=True
        )
    )
