"""A folder of work: raw files in, tables, warehouse and facts out."""

from shnor_analysis.workspace.creating import create_workspace
from shnor_analysis.workspace.fitting import FitOutcome
from shnor_analysis.workspace.opening import Workspace, open_workspace
from shnor_analysis.workspace.outcomes import FileOutcome, IngestOutcome, Progress, Status
from shnor_analysis.workspace.reports import ReportRun

__all__ = [
    "FileOutcome",
    "FitOutcome",
    "IngestOutcome",
    "Progress",
    "ReportRun",
    "Status",
    "Workspace",
    "create_workspace",
    "open_workspace",
]
