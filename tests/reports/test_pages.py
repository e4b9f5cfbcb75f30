"""The page: one offline file, nothing lost, nothing live, nothing leaked."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from evaluations import a_school
from executed import execute_template

from shnor_analysis.disclosure import release
from shnor_analysis.errors import ShnorError, UsageProblem
from shnor_analysis.evaluation import evaluate_school, evaluate_town
from shnor_analysis.reporting import finishing
from shnor_analysis.reporting.finishing import finish_report
from shnor_analysis.reporting.folders import report_folder, slug
from shnor_analysis.reporting.index import FailedReport, number_order, write_index
from shnor_analysis.reporting.orders import order_school_reports, template_path
from shnor_analysis.reporting.sanitising import sanitise
from shnor_analysis.settings import Settings
from shnor_analysis.simulation import TownSpec, simulate_town

HOSTILE = (
    "<script>alert(1)</script> **б** [x](javascript:alert) $x$ &amp; \"'<img src=x onerror=alert(1)>{{ 7*7 }}"
)
LANGUAGES = ("ru", "en")


class Reader(HTMLParser):
    """Collects elements with attributes, and the text within the report's body."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.body: list[str] = []
        self._within = False
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within = self._within or tag == "main"

    def handle_endtag(self, tag: str) -> None:
        self._within = self._within and tag != "main"

    def handle_data(self, data: str) -> None:
        if self._within:
            self.body.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.body)


@pytest.fixture(scope="module")
def evaluations() -> dict[str, object]:
    town = simulate_town(TownSpec(schools_n=8, cohorts=(), inflated_schools_n=0, inflated_treated_n=0))
    register = town.tables["schools"]
    settings = Settings(
        workspace_id="svetloyarsk",
        title_ru="г. Светлоярск",
        title_en="Svetloyarsk",
        municipality_id=register["municipality_id"].iloc[0],
        region_id=register["region_id"].iloc[0],
        is_invented=True,
    )
    school_id = register["school_id"].iloc[0]
    return {
        "school": evaluate_school(town.tables.get, school_id=school_id, school_year=2024, settings=settings),
        "municipality": evaluate_town(town.tables.get, school_year=2024, settings=settings),
    }


def make_page(
    folder: Path, name: str, value: object, *, language: str = "ru", audience: str = "department"
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    notebook = execute_template(name, release(value, audience=audience), language)
    nbformat.write(notebook, folder / "executed.ipynb")
    parameters = {"school_year": 2024, "audience": audience, "language": language, "folder": ""}
    finish_report(folder, unit_id=folder.name, template=template_path(name), parameters=parameters)
    return folder / "report.html"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["school", "municipality"])
@pytest.mark.parametrize("audience", ["department", "public"])
def test_a_page_is_one_offline_file_in_one_language(
    tmp_path: Path, evaluations: dict[str, object], name: str, language: str, audience: str
) -> None:
    page = make_page(tmp_path / "unit", name, evaluations[name], language=language, audience=audience)
    markup = page.read_text(encoding="utf-8")
    read = Reader(markup)
    tags = {tag for tag, _ in read.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "form"}
    assert all(
        str(value).startswith("data:image/png")
        for _, attrs in read.elements
        for key, value in attrs.items()
        if key == "src"
    )
    assert "http://" not in markup
    assert "https://" not in markup
    assert "default-src 'none'" in markup
    assert ("html", {"lang": language}) in read.elements
    assert all(attrs.get("alt") for tag, attrs in read.elements if tag == "img")
    assert {"ru": "Город вымышленный", "en": "Invented town"}[language] in markup
    assert not leaked_codes(read.text)
    if language == "ru":
        assert not foreign_words(read.text)


def leaked_codes(text: str) -> list[str]:
    return re.findall(
        r"\b[a-z]+_[a-z0-9_]+\b|\b[a-z]+\.[a-z]+\.[a-z_.]+\b|\bNone\b|\bnan\b|NotEstimable|Suppressed", text
    )


def foreign_words(text: str) -> list[str]:
    words = re.findall(r"[A-Za-z]{3,}", re.sub(r"\bsch\d+\b", "", text))
    return [word for word in words if word not in {"PISA", "MEAP", "TREND", "html", "json", "manifest"}]


def test_a_leaked_code_would_be_noticed() -> None:
    assert leaked_codes("Доля low_share: None") == ["low_share", "None"]
    assert foreign_words("Доля share в sch660005") == ["share"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hostile_name_is_shown_whole_and_does_nothing(tmp_path: Path, language: str) -> None:
    page = make_page(tmp_path / "unit", "school", a_school(name=HOSTILE, place_ru=HOSTILE), language=language)
    markup = page.read_text(encoding="utf-8")
    assert not {tag for tag, _ in Reader(markup).elements} & {"script", "em"}
    assert not any(key.startswith("on") for _, attrs in Reader(markup).elements for key in attrs)
    assert HOSTILE in Reader(markup).text
    style = markup.partition("<style>")[2].partition("</style>")[0]
    assert "<" not in style
    write_index(tmp_path, school_year=2024, language=language, failed=[FailedReport(HOSTILE, HOSTILE)])
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "script" not in {tag for tag, _ in Reader(index).elements}
    assert Reader(index).text.count(HOSTILE) == 3


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<b>a</b><script>x<y</script>", "<b>a</b>&lt;script&gt;x&lt;y&lt;/script&gt;"),
        ('<p onclick="x" class="note">a</p>', '<p class="note">a</p>'),
        ('<a href="javascript:x">a</a>', "<a>a</a>"),
        ("<style>p{}</style>a<!-- b -->", "a"),
        ("</main></div><table><tr>", "&lt;/main&gt;<table><tr></tr></table>"),
        ('<svg/onload="x">', "&lt;svg/onload=&quot;x&quot;&gt;"),
        ("&lt;b&gt; &amp;", "&lt;b&gt; &amp;"),
    ],
)
def test_only_harmless_markup_survives_and_the_rest_stays_readable(markup: str, expected: str) -> None:
    assert sanitise(markup) == expected


def test_a_table_lost_on_the_way_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = finishing.render_page
    monkeypatch.setattr(finishing, "render_page", lambda *a, **k: whole(*a, **k).replace("<table", "<div", 1))
    with pytest.raises(ShnorError) as lost:
        make_page(tmp_path / "unit", "school", a_school())
    assert [problem.code for problem in lost.value.problems] == ["exhibits_lost"]


def test_the_manifest_says_what_the_page_was_made_from(tmp_path: Path) -> None:
    make_page(tmp_path / "unit", "school", a_school(), audience="public")
    manifest = json.loads((tmp_path / "unit" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["inputs"] == [{"file_name": "—", "sha256": "a" * 64}], (
        "names of files are for the department"
    )
    assert manifest["parameters"] == {"school_year": 2024, "audience": "public", "language": "ru"}
    assert manifest["is_invented"] is True
    assert manifest["suppressed_n"] > 0
    assert manifest["tables_n"] >= 8
    assert manifest["figures_n"] == 2
    assert {"python", "shnor-analysis", "pandas", "papermill"} <= manifest["versions"].keys()
    assert set(manifest["files"]) == {"executed.ipynb", "report.html"}


def test_the_same_facts_give_the_same_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [
        make_page(tmp_path / name / "unit", "school", a_school()).read_text(encoding="utf-8") for name in "ab"
    ]
    bodies = {page.partition("<footer>")[0] for page in pages}
    assert len(bodies) == 1


def test_the_index_stands_in_number_order_and_names_failures(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        school = a_school(name=f"Школа № {number}", school_id=f"sch{number}")
        make_page(tmp_path / f"sch{number}", "school", school)
    write_index(tmp_path, school_year=2024, language="ru", failed=[FailedReport("sch10", "нет результатов")])
    text = Reader((tmp_path / "index.html").read_text(encoding="utf-8")).text
    assert text.index("Школа № 1") < text.index("Школа № 9") < text.index("нет результатов")
    assert "Школа № 10" not in text, "an older page of a failed report is not linked"
    assert sorted(["sch10", "sch9", "municipality-1"], key=number_order)[-2:] == ["sch9", "sch10"]


@pytest.mark.parametrize(
    "code", ["../../etc", "con", "Школа №1", "a" * 200, "", "x\u202ey", ".", "a/b", "sch\x00"]
)
def test_no_code_leads_out_of_the_reports_folder(tmp_path: Path, code: str) -> None:
    (order,) = order_school_reports(tmp_path, [code], school_year=2024, audience="school", language="ru")
    assert order.output.parent == tmp_path.resolve() / "reports" / "2024-school"
    assert re.fullmatch(r"[a-z0-9а-яё_-]{1,60}", order.output.name)


def test_plain_codes_keep_their_name_and_others_stay_apart() -> None:
    assert slug("sch660005") == "sch660005"
    assert slug("А") != slug("а"), "two codes that differ in case only must not share a folder"


def test_a_folder_name_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem) as refused:
        report_folder(tmp_path, "2024", "../x")
    assert [problem.code for problem in refused.value.problems] == ["folder_outside"]


def test_small_numbers_are_words_on_a_public_page(tmp_path: Path) -> None:
    school = a_school()
    small = replace(school.results[2].school, tested_n=50, mark_n=(2, 20, 14, 14))
    results = (*school.results[:2], replace(school.results[2], school=small))
    page = make_page(tmp_path / "unit", "school", replace(school, results=results), audience="public")
    text = Reader(page.read_text(encoding="utf-8")).text
    assert "Скрыто: число здесь или рядом меньше 5." in text
    assert "скрыто скрыто" in " ".join(text.split()), "the 2 and its complement are both closed"


def test_the_front_door_loads_nothing_that_only_pages_need() -> None:
    code = (
        "import sys, shnor_analysis as shnor; shnor.open_workspace, shnor.release, shnor.describe;"
        "print(sorted({'nbconvert', 'nbformat', 'papermill', 'matplotlib'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]", "each of them costs every report's kernel a second"


def test_a_page_for_everybody_never_lies_beside_one_that_is_not(tmp_path: Path) -> None:
    homes = {
        order_school_reports(tmp_path, ["sch660001"], school_year=2024, audience=audience, language=language)[
            0
        ].output.parent.name
        for audience in ("department", "school", "public")
        for language in ("ru", "en")
    }
    assert homes == {"2024", "2024-en", "2024-school", "2024-school-en", "2024-public", "2024-public-en"}
