"""What to run for which report: template, parameters and folder, as plain values that any engine can take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from shnor_analysis.reporting.folders import edition, report_folder, slug

REPORTS = "reports"
FINISHER = "shnor_analysis.reporting.finishing:finish_report"


@dataclass(frozen=True, slots=True)
class ReportOrder:
    """One report to be made; the fields are those of a job of the batch room."""

    unit_id: str
    template: Path
    parameters: Mapping[str, str | int]
    output: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))


def template_path(name: str) -> Path:
    """The notebook of a report inside the package: "school" or "municipality"."""
    return Path(str(resources.files("shnor_analysis.reporting") / "templates" / f"{name}.ipynb"))


def order_school_reports(
    folder: Path, school_ids: Iterable[str], *, school_year: int, audience: str, language: str
) -> tuple[ReportOrder, ...]:
    """Order a report for each school of a workspace, in the order given."""
    home = edition(school_year, audience=audience, language=language)
    return tuple(
        ReportOrder(
            unit_id=school_id,
            template=template_path("school"),
            parameters={
                "school_id": school_id,
                "school_year": school_year,
                "audience": audience,
                "language": language,
                "folder": str(folder),
            },
            output=report_folder(folder / REPORTS, home, slug(school_id)),
        )
        for school_id in school_ids
    )


def order_municipality_report(
    folder: Path, municipality_id: str, *, school_year: int, audience: str, language: str
) -> ReportOrder:
    """Order the report of the municipality that the workspace is about."""
    name = f"municipality-{slug(municipality_id)}"
    return ReportOrder(
        unit_id=name,
        template=template_path("municipality"),
        parameters={
            "school_year": school_year,
            "audience": audience,
            "language": language,
            "folder": str(folder),
        },
        output=report_folder(
            folder / REPORTS, edition(school_year, audience=audience, language=language), name
        ),
    )
