"""The town's indicators, worked out once a build, year and setting, and kept beside the build that they rest on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from shnor_analysis.evaluation import TownIndicators, prepare_town, town_from_frames, town_to_frames
from shnor_analysis.files import atomic_folder, sha256_of
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
    home = indicators_home(build, settings, school_year)
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


def indicators_home(build: Path, settings: Settings, school_year: int) -> Path:
    """The folder of the indicators of a school year under these settings, whether or not it is there."""
    digest = hashlib.sha256(settings.model_dump_json().encode("utf-8")).hexdigest()[:12]
    return build / INDICATORS / f"{school_year}-v{VERSION}-{digest}"


def fingerprint(home: Path) -> str:
    """SHA-256 over the files of the indicators, by name."""
    digest = hashlib.sha256()
    for path in sorted(home.glob("*.parquet")):
        digest.update(f"{path.name} {sha256_of(path)}\n".encode())
    return digest.hexdigest()


def _read(path: Path) -> pd.DataFrame:
    """Read one small table in this thread: for so few rows others take half the time, and a fork server may have none."""
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path, pre_buffer=False).read(use_threads=False)
    frame: pd.DataFrame = table.to_pandas(use_threads=False)
    return frame
