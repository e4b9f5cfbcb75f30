"""The planted town, carried through every stage once, in processes that have no network."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import planted_town
import pytest


@dataclass(frozen=True, slots=True)
class Carried:
    """A workspace with reports, what every command said, its temporary folder, and each audience's reports."""

    folder: Path
    said: dict[str, str]
    codes: dict[str, int]
    temporary: Path
    reports: dict[str, Path]
    network_log: Path
    key: Path


@pytest.fixture(scope="session")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Carried:
    root = tmp_path_factory.mktemp("planted")
    folder = planted_town.plant(root / "town")
    (root / "tmp").mkdir()
    key, log = root / "key", root / "network"
    around = {"TMPDIR": str(root / "tmp"), **planted_town.without_network(root / "hooks", log)}
    said, codes = {}, {}
    for name, arguments in planted_town.COMMANDS.items():
        told = [one.format(incoming=folder / "incoming") for one in arguments]
        ran = planted_town.shnor(*told, "--debug", folder=folder, key=key, **around)
        said[name], codes[name] = ran.stdout + ran.stderr, ran.returncode
        if name.startswith("report"):
            shutil.copytree(folder / "reports", root / name)
    reports = {name.removeprefix("report "): root / name for name in said if name.startswith("report")}
    return Carried(folder, said, codes, root / "tmp", reports, log, key)
