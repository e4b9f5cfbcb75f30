"""What becomes of a tiny report: a page with what its last cell said. It imports little, for every report imports it."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat


def finish(folder: Path, *, unit_id: str, template: Path, parameters: Mapping[str, Any]) -> dict[str, str]:
    """Put the last cell's text into a page, which is all that is left of a notebook with its times; may go wrong, too."""
    place = Path(parameters["place"])
    fault = place / f"fault-{unit_id}"
    mode = fault.read_text() if fault.exists() else ""
    if mode == "disk full":
        with Path("/dev/full").open("w") as stream:
            stream.write("page")
    if mode == "read only":
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))
    shown = nbformat.read(folder / "executed.ipynb", as_version=4).cells[-1].outputs[0].data["text/plain"]
    (folder / "executed.ipynb").unlink()
    (folder / "page.txt").write_text(shown)
    change = place / "change"
    number = change.read_text() if change.exists() else "13"
    return {"numbers": f"\x1etable\tРезультаты\nРабота\tдоля\tписали\n{unit_id}, 4 класс\t{number} %\t54"}
