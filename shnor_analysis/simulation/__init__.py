"""An invented town with known truths, written as the raw files that a department gets."""

from __future__ import annotations

from shnor_analysis.simulation.country import CountryFiles, country_spec, region_spec, write_country
from shnor_analysis.simulation.raw.delivery import Delivery, write_town
from shnor_analysis.simulation.spec import REGION_NAME, TOWN_NAME, ProgrammeCohort, Spread, TownSpec
from shnor_analysis.simulation.town import Town, simulate_town
from shnor_analysis.simulation.truths import ProgrammeTruth, SchoolTruth, Truths

__all__ = [
    "REGION_NAME",
    "TOWN_NAME",
    "CountryFiles",
    "Delivery",
    "ProgrammeCohort",
    "ProgrammeTruth",
    "SchoolTruth",
    "Spread",
    "Town",
    "TownSpec",
    "Truths",
    "country_spec",
    "region_spec",
    "simulate_town",
    "write_country",
    "write_town",
]
