"""The content key: it changes with all that a unit is made of and with nothing else."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

import notebooks
from shnor_analysis.batch.content_keys import canonical, content_keys, folder_digest
from shnor_analysis.batch.plan import Job, make_plan

VALUES = st.one_of(
    st.text(st.characters(exclude_categories=[])), st.integers(), st.floats(allow_nan=False), st.booleans()
)
NAMES = st.text("abc_\ud83d\ude00é\x00", min_size=1, max_size=4)
FINISHER = "package.module:function"
SOFTWARE = {"pandas": "3.1.1", "python": "3.11"}


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return notebooks.write(
        tmp_path / "template.ipynb", "number", parameters='number: int = 1\nname: str = ""\nfolder: str = ""'
    )


def key(
    template: Path, *, finisher: str = FINISHER, software: dict[str, str] = SOFTWARE, **changed: object
) -> str:
    parameters = {"number": 1, "name": "b", "folder": "/here"}
    inputs = {"data": "d1", "models": "m1"}
    for name, value in changed.items():
        (parameters if name in parameters else inputs)[name] = value  # type: ignore[index,assignment]
    job = Job("unit", template, parameters, template.parent / "unit", inputs)  # type: ignore[arg-type]
    plan = make_plan([job], finisher=finisher, places=["folder"], versions=software)
    return plan.keys["unit"]


def test_the_key_changes_with_all_that_a_unit_is_made_of(template: Path) -> None:
    keys = {
        "as it was": key(template),
        "parameter": key(template, number=2),
        "input": key(template, data="d2"),
        "new input": key(template, tables="t1"),
        "finisher": key(template, finisher="package.module:other"),
        "version": key(template, software={**SOFTWARE, "pandas": "3.1.2"}),
        "package gone": key(template, software={"python": "3.11"}),
    }
    template.write_bytes(template.read_bytes() + b"\n")
    keys["template"] = key(template)
    assert len(set(keys.values())) == len(keys), keys


def test_the_key_knows_no_place_and_no_order_of_names(template: Path) -> None:
    assert key(template, folder="/elsewhere") == key(template)
    jobs = [
        Job("unit", template, dict(order), template.parent / "unit", {"a": "1", "b": "2"})
        for order in ([("number", 1), ("name", "b")], [("name", "b"), ("number", 1)])
    ]
    one, other = (content_keys([job], finisher="", places=[], versions={}) for job in jobs)
    assert one == other


@given(st.dictionaries(NAMES, VALUES, max_size=4), st.dictionaries(NAMES, VALUES, max_size=4))
def test_two_mappings_have_one_spelling_only_where_they_are_the_same(
    one: dict[str, object], other: dict[str, object]
) -> None:
    def kinds(told: dict[str, object]) -> dict[str, tuple[type, str]]:
        return {name: (type(value), repr(value)) for name, value in told.items()}

    assert (canonical(one) == canonical(other)) == (kinds(one) == kinds(other))
    assert canonical(dict(reversed(one.items()))) == canonical(one)


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=3), st.data())
def test_a_value_of_another_kind_has_another_spelling(told: dict[str, object], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(told)))
    value = data.draw(VALUES)
    changed = {**told, name: value}
    is_same = type(value) is type(told[name]) and repr(value) == repr(told[name])
    assert (canonical(changed) == canonical(told)) == is_same


def test_the_hash_of_a_folder_sees_every_byte_and_name(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("text")
    (tmp_path / "b").write_text("more")
    seen = [folder_digest(tmp_path)]
    (tmp_path / "in" / "a").write_text("test")
    seen.append(folder_digest(tmp_path))
    (tmp_path / "in" / "a").rename(tmp_path / "a")
    seen.append(folder_digest(tmp_path))
    (tmp_path / "b").unlink()
    seen.append(folder_digest(tmp_path))
    assert len(set(seen)) == len(seen)
    assert not folder_digest(tmp_path / "absent")
