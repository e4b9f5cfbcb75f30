import hashlib
import hmac
import stat

import pandas as pd
import pytest

from shnor_analysis.errors import EnvironmentProblem
from shnor_analysis.language import render_problem
from shnor_analysis.sources.pseudonyms import (
    key_path,
    load_key,
    pseudonym,
    pseudonyms,
    remember_key,
)

KEY = bytes(range(32))


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "город"
    folder.mkdir()
    return folder


def said(error, language):
    return render_problem(error.value.problems[0], language)


def test_a_pseudonym_is_the_keyed_hash_of_its_parts_with_their_lengths():
    message = b"\0\0\0\x05pupil" + b"\0\0\0\x09sch660005" + b"\0\0\0\x0212"
    wanted = hmac.new(KEY, message, hashlib.sha256).hexdigest()[:32]
    assert pseudonym(KEY, "pupil", "sch660005", "12") == wanted


def test_parts_that_read_the_same_when_joined_get_different_pseudonyms():
    assert pseudonym(KEY, "1", "23") != pseudonym(KEY, "12", "3")


def test_a_column_of_pseudonyms_equals_one_by_one_and_skips_rows_without_code():
    schools = pd.Series(["sch660005", "sch660007", "sch660005", "sch660005"], index=[4, 5, 6, 7])
    codes = pd.Series([50001.0, 50001.0, 50001.0, None], index=[4, 5, 6, 7])
    found = pseudonyms(KEY, "pupil", schools, codes)
    assert found.tolist()[:3] == [
        pseudonym(KEY, "pupil", school, "50001") for school in ("sch660005", "sch660007", "sch660005")
    ]
    assert found.isna().tolist() == [False, False, False, True]
    assert found.index.tolist() == [4, 5, 6, 7]


def test_a_first_key_is_made_closed_and_stays(workspace, tmp_path):
    path = tmp_path / "keys" / "town.key"
    key = load_key(path, workspace=workspace)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path, workspace=workspace) == key


def test_the_variable_names_another_key_file(tmp_path):
    assert key_path("town", {"SHNOR_KEY_FILE": str(tmp_path / "k")}) == tmp_path / "k"
    assert key_path("town", {}).parts[-2:] == ("keys", "town.key")


def test_a_lost_key_is_never_replaced_silently(workspace, tmp_path):
    path = tmp_path / "town.key"
    remember_key(load_key(path, workspace=workspace), workspace=workspace)
    path.unlink()
    with pytest.raises(EnvironmentProblem) as error:
        load_key(path, workspace=workspace)
    assert not path.exists()
    assert said(error, "ru") == (
        f"файл «{path}»: Ключа для кодов учеников нет, а ученики уже загружены с ним. Под новым ключом те же ученики "
        "стали бы другими. Верните файл ключа на место из резервной копии или назовите его в переменной "
        "SHNOR_KEY_FILE. Файлы без учеников загружаются и без ключа."
    )
    assert said(error, "en") == (
        f"file “{path}”: The key for pupil codes is gone, but pupils were imported with it. Under a new key the same "
        "pupils would become others. Put the key file back from a backup or name it in the variable SHNOR_KEY_FILE. "
        "Files without pupils need no key."
    )


def test_another_key_than_the_one_of_the_stored_pupils_is_refused(workspace, tmp_path):
    remember_key(KEY, workspace=workspace)
    with pytest.raises(EnvironmentProblem) as error:
        load_key(_another_key(tmp_path / "other.key"), workspace=workspace)
    assert error.value.problems[0].code == "key_other"
    assert said(error, "ru").endswith(
        "Это другой ключ: загруженные ученики обозначены не им. Верните прежний файл ключа или назовите его в "
        "переменной SHNOR_KEY_FILE."
    )
    assert said(error, "en").endswith(
        "This is another key: the pupils already imported were named with a different one. Put the former key file "
        "back or name it in the variable SHNOR_KEY_FILE."
    )


@pytest.mark.parametrize("name", ["pupils.key", "data/../pupils.key"])
def test_a_key_beside_the_data_is_refused(workspace, name):
    (workspace / "data").mkdir()
    with pytest.raises(EnvironmentProblem) as error:
        load_key(workspace / name, workspace=workspace)
    assert error.value.problems[0].code == "key_inside"


def test_a_file_that_holds_no_key_is_refused(workspace, tmp_path):
    path = tmp_path / "town.key"
    path.write_text("пароль", encoding="utf-8")
    with pytest.raises(EnvironmentProblem) as error:
        load_key(path, workspace=workspace)
    assert error.value.problems[0].code == "key_broken"


def _another_key(path):
    path.write_text("ff" * 32 + "\n", encoding="ascii")
    return path
