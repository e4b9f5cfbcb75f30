"""The town's indicators, worked out once a build, year and setting, and kept beside the build that they rest on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from shnor_analysis.evaluation import TownIndicators, prepare_town, town_from_frames, town_to_frames
from shnor_analysis.files import atomic_folder
from shnor_analysis.schemas.card import FileCard
from shnor_analysis.settings import Settings

INDICATORS = "indicators"
VERSION = 2  # of the tables and of what they mean: what another version kept is worked out anew


def prepared_town(
    build: Path,
    tables: Callable[[str], pd.DataFrame],
    *,
    settings: Settings,
    school_year: int,
    cards: Iterable[FileCard],
) -> TownIndicators:
    """Read the indicators of a school year, or work them out and keep them.

    Parameters: build — folder of the build in use; when it is replaced the indicators go with it.
    Raises: UsageProblem as `prepare_town`.
    """
    digest = hashlib.sha256(settings.model_dump_json().encode("utf-8")).hexdigest()[:12]
    home = build / INDICATORS / f"{school_year}-v{VERSION}-{digest}"
    if home.is_dir():
        frames = {path.stem: _read(path) for path in sorted(home.glob("*.parquet"))}
        return town_from_frames(frames, settings=settings, school_year=school_year, cards=cards)
    town = prepare_town(tables, settings=settings, school_year=school_year, cards=cards)
    try:
        with atomic_folder(home) as part:
            for name, frame in town_to_frames(town).items():
                frame.to_parquet(part / f"{name}.parquet", index=False)
    except OSError:
        # another process kept the same indicators first, or the folder may not be written: nothing is lost
        return town
    return town


def _read(path: Path) -> pd.DataFrame:
    """Read one small table in this thread: for so few rows the threads and the search for parts take half the time."""
    import pyarrow.parquet as pq

    frame: pd.DataFrame = pq.ParquetFile(path).read(use_threads=False).to_pandas(use_threads=False)
    return frame
