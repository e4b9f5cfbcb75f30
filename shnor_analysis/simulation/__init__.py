"""An invented town with known truths, written as the raw files that a department gets."""

from __future__ import annotations

from shnor_analysis.simulation.spec import ProgrammeCohort, Spread, TownSpec
from shnor_analysis.simulation.town import Town, simulate_town
from shnor_analysis.simulation.truths import ProgrammeTruth, SchoolTruth, Truths

__all__ = [
    "ProgrammeCohort",
    "ProgrammeTruth",
    "SchoolTruth",
    "Spread",
    "Town",
    "TownSpec",
    "Truths",
    "simulate_town",
]
