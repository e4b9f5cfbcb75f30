"""An executed notebook as one HTML file: own template over nbconvert's base, no code, no script, no network."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from importlib import resources
from typing import Any

from nbconvert.exporters.html import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters.markdown import markdown2html
from traitlets.config import Config

from shnor_analysis.language import render
from shnor_analysis.reporting.look import POLICY, TEMPLATE, running_marks, style_sheet
from shnor_analysis.reporting.outputs import ShownOutputs
from shnor_analysis.reporting.sanitising import sanitise


class PageExporter(HTMLExporter):
    """Renders the template and leaves it at that.

    The exporter above it reads the whole page into a tree and writes it anew to add what our template has already:
    words for pictures. Cells have no input here, so that nothing is to be coloured either.
    """

    def from_notebook_node(  # type: ignore[override]  # as in the exporter above it
        self, nb: Any, resources: Any = None, **kw: Any
    ) -> tuple[str, Any]:
        """Render a notebook; the page and what came with it."""
        body, found = TemplateExporter.from_notebook_node(self, nb, self._init_resources(resources), **kw)  # type: ignore[no-untyped-call]
        return str(body), found


@lru_cache(maxsize=1)
def exporter() -> PageExporter:
    """The one exporter of this process: making it compiles the template, using it does not."""
    settings = Config()
    settings.PageExporter.default_preprocessors = []  # each would check the whole notebook again and change nothing
    settings.PageExporter.preprocessors = [ShownOutputs]
    settings.PageExporter.exclude_input = True
    made: Any = PageExporter(  # type: ignore[no-untyped-call]
        config=settings,
        template_name=TEMPLATE,
        extra_template_basedirs=[str(resources.files("shnor_analysis.reporting"))],
    )
    made.register_filter("harmless_markdown", lambda text: sanitise(str(markdown2html(text))))
    made.register_filter("text", lambda value: escape(str(value)))
    return made  # type: ignore[no-any-return]


def render_page(notebook: Any, *, manifest: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """Render an executed notebook; the marks of the page and its last section come from facts and manifest."""
    language = str(manifest["language"])
    marks = [str(facts[name]) for name in ("invented", "confidentiality") if facts.get(name)]
    page = {
        "language": language,
        "title": f"{manifest['title']} · {facts.get('subtitle', '')}".strip(" ·"),
        "marks": marks,
        "policy": POLICY,
        "style": style_sheet() + running_marks(marks, str(manifest["title"])),
        "run_heading": render("run.heading", language),
        "run_intro": render("run.intro", language),
        "run": run_lines(manifest, language),
    }
    body, _ = exporter().from_notebook_node(notebook, resources={"page": page})
    return str(body)


def run_lines(manifest: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    """The lines of the page's last section: what, when, with which parameters, seed, rule and versions."""
    parameters = ", ".join(f"{name} = {value}" for name, value in manifest["parameters"].items())
    lines = [
        ("made_at", str(manifest["made_at"])),
        ("template", f"{manifest['template']['name']}, {manifest['template']['sha256'][:12]}"),
        ("parameters", parameters),
        ("seed", str(manifest.get("seed", ""))),
        ("listing_rule", str(manifest.get("listing_rule", ""))),
        ("inputs", str(len(manifest["inputs"]))),
        ("exhibits", f"{manifest['tables_n']} / {manifest['figures_n']}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())),
    ]
    return [(render(f"run.{name}", language), said) for name, said in lines if said]
