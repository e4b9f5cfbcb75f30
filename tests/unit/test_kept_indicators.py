"""Indicators kept beside a build are read only by the version of the package that understands them."""

import hashlib

import small_town as town

from shnor_analysis.evaluation import prepare_town, town_to_frames
from shnor_analysis.workspace.prepared import VERSION, prepared_town

RESULTS = "sch1 2024 vpr mathematics 5 spring 3 7 10 5"
SHAPE = (2, "d389cfa9ead2")


def tables():
    return town.tables_of(school_results=town.school_results(RESULTS))


def kept(build):
    return prepared_town(build, tables(), settings=town.SETTINGS, school_year=2024, cards=())


def test_indicators_of_another_version_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("shnor_analysis.workspace.prepared.VERSION", VERSION - 1)
    kept(tmp_path)
    (old,) = (tmp_path / "indicators").iterdir()
    for path in old.glob("*.parquet"):
        path.write_bytes(b"another shape")
    monkeypatch.undo()
    assert kept(tmp_path).frame("shares")["tested_n"].tolist() == [25]
    assert len(list((tmp_path / "indicators").iterdir())) == 2


def test_a_new_shape_of_the_tables_gets_a_new_version():
    frames = town_to_frames(prepare_town(tables(), settings=town.SETTINGS, school_year=2024))
    words = "\n".join(f"{name}: {' '.join(map(str, frames[name].columns))}" for name in sorted(frames))
    shape = hashlib.sha256(words.encode()).hexdigest()[:12]
    assert (VERSION, shape) == SHAPE, "raise VERSION in workspace/prepared.py, then write the new shape here"
