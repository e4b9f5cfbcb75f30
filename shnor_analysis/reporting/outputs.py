"""Which outputs of an executed notebook reach the page."""

from __future__ import annotations

from typing import Any

from nbconvert.preprocessors import Preprocessor

from shnor_analysis.reporting.sanitising import sanitise

SHOWN_TYPES = ("image/png", "text/html", "text/markdown", "text/plain")
NOTE_TAG = "note"


class ShownOutputs(Preprocessor):
    """Keeps results of the allowed kinds, one kind each, with markup rebuilt; drops streams and the author's notes."""

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Filter a copy of the notebook; nbconvert calls this."""
        nb.cells = [cell for cell in nb.cells if NOTE_TAG not in cell.metadata.get("tags", ())]
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = [shown for output in cell.outputs if (shown := _shown(output)) is not None]
        nb.cells = [cell for cell in nb.cells if cell.cell_type != "code" or cell.outputs]
        return nb, resources


def _shown(output: Any) -> Any:
    if output.output_type not in {"execute_result", "display_data"}:
        return None
    for kind in SHOWN_TYPES:
        if kind in output.data:
            output.data = {kind: sanitise(output.data[kind]) if kind == "text/html" else output.data[kind]}
            return output if str(output.data[kind]).strip() else None
    return None
