"""A whole invented country, municipality by municipality straight to Parquet, so that memory stays bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

from shnor_analysis.files import atomic_path
from shnor_analysis.simulation.schools import Place, places
from shnor_analysis.simulation.spec import ProgrammeCohort, TownSpec
from shnor_analysis.simulation.town import draw_place, own_areas, place_tables

SCHOOLS_OF_A_MUNICIPALITY = 40


@dataclass(frozen=True, slots=True)
class CountryFiles:
    """What was written: rows by table, and schools."""

    folder: Path
    schools_n: int
    rows: Mapping[str, int]


def region_spec(schools_n: int = 1_000, *, seed: int = 500) -> TownSpec:
    """A region of several municipalities of about forty schools each, at school level."""
    return _wide_spec(schools_n, regions_n=1, seed=seed)


def country_spec(schools_n: int = 40_000, *, seed: int = 500, regions_n: int = 85) -> TownSpec:
    """A country of regions and municipalities, at school level; regions and municipalities are numbered."""
    return _wide_spec(schools_n, regions_n=min(regions_n, _municipalities(schools_n)), seed=seed)


def _wide_spec(schools_n: int, *, regions_n: int, seed: int) -> TownSpec:
    """The town's programmes and inflated schools at the town's rate."""
    town = TownSpec()
    rate = schools_n / town.schools_n
    return TownSpec(
        schools_n=schools_n,
        seed=seed,
        cohorts=tuple(
            ProgrammeCohort(one.cohort_year, round(one.schools_n * rate), one.effect_sd)
            for one in town.cohorts
        ),
        inflated_schools_n=round(town.inflated_schools_n * rate),
        inflated_treated_n=round(town.inflated_treated_n * rate),
        municipalities_n=_municipalities(schools_n),
        regions_n=regions_n,
        school_level_only=True,
    )


def _municipalities(schools_n: int) -> int:
    return max(round(schools_n / SCHOOLS_OF_A_MUNICIPALITY), 1)


def write_country(spec: TownSpec, folder: Path) -> CountryFiles:
    """Draw municipality after municipality and write each table of each as one Parquet file.

    Parameters:  spec — see `country_spec`; pupils are written only when the spec keeps them.
                 folder — gets `<table>/<number of the municipality>.parquet`; files that are there are kept, so that
                 a broken run goes on where it stopped.
    Returns:     rows by table over all files.
    Limits:      one municipality is in memory at a time.
    """
    rows: Counter[str] = Counter()
    for place in places(spec):
        rows.update(_write_place(spec, place, folder))
    return CountryFiles(folder, spec.schools_n, MappingProxyType(dict(rows)))


def _write_place(spec: TownSpec, place: Place, folder: Path) -> dict[str, int]:
    """Write one municipality; `schools` comes last and says that it is complete."""
    name = f"{place.index + 1:05d}.parquet"
    register = folder / "schools" / name
    if register.exists():
        found = sorted(folder.glob(f"*/{name}"))
        return {path.parent.name: pq.read_metadata(path).num_rows for path in found}
    tables = own_areas(place, place_tables(spec, draw_place(spec, place)))
    filled = [table for table in tables if len(tables[table]) and table != "schools"]
    for table in (*filled, "schools"):
        with atomic_path(folder / table / name) as part:
            pq.write_table(
                pa.Table.from_pandas(tables[table], preserve_index=False), part, compression="zstd"
            )
    return {table: len(tables[table]) for table in (*filled, "schools")}
