"""Two executed notebooks side by side: every cell; masked are times, processes, addresses, and where a timer cut a stream."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import nbformat

TIMES = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)")
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
PROCESS = re.compile(r"ipykernel_\d+")
TOOK = re.compile(r"(CPU times: .*|Wall time: .*|total: [\d.]+ .s)")
WIDGET = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
FILE_OF_CELL = re.compile(r"ipykernel_PID/\d+\.py")
# cells that papermill adds get a random id
MADE_BY_PAPERMILL = {"injected-parameters", "papermill-error-cell-tag"}
DURATIONS = ("duration", "start_time", "end_time")


def differences(one: Any, other: Any) -> list[str]:
    """What differs, a line a place; empty when the notebooks say the same."""
    one, other = with_numbered_widgets(one), with_numbered_widgets(other)
    found = [
        f"cell {number}: {what}"
        for number, (left, right) in enumerate(zip(one.cells, other.cells, strict=False))
        for what in _of_cells(left, right)
    ]
    if len(one.cells) != len(other.cells):
        found.append(f"cells: {len(one.cells)} and {len(other.cells)}")
    if masked(one.metadata) != masked(other.metadata):
        found.append(f"metadata: {masked(one.metadata)} and {masked(other.metadata)}")
    return found


def with_numbered_widgets(notebook: Any) -> Any:
    """The random names of widgets become numbers: first those that cells show, then what these are made of."""
    states = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    left = sorted(states, key=lambda name: WIDGET.sub("WIDGET", json.dumps(states[name], sort_keys=True)))
    order = dict.fromkeys(WIDGET.findall(json.dumps(notebook.cells, sort_keys=True)))
    for start in (None, *left):
        order.update(dict.fromkeys([start] if start else []))
        for name in (queue := list(order)):
            parts = WIDGET.findall(json.dumps(states.get(name, {}), sort_keys=True))
            queue += [part for part in parts if part not in order]
            order.update(dict.fromkeys(parts))
    text = json.dumps(notebook, ensure_ascii=False)
    for number, name in enumerate(order):
        text = text.replace(name, f"WIDGET-{number}")
    return nbformat.from_dict(json.loads(text))


def _of_cells(left: Any, right: Any) -> Iterator[str]:
    if MADE_BY_PAPERMILL & {*left.metadata.get("tags", ()), *right.metadata.get("tags", ())}:
        left, right = {**left, "id": ""}, {**right, "id": ""}
    left, right = _with_whole_streams(left), _with_whole_streams(right)
    for key in sorted(left.keys() | right.keys()):
        if masked(left.get(key)) != masked(right.get(key)):
            yield f"{key}: {masked(left.get(key))[:3000]} and {masked(right.get(key))[:3000]}"


def _with_whole_streams(cell: Any) -> Any:
    """Neighbours of one stream joined: ipykernel flushes by the clock, also in the middle of a print."""
    if "outputs" not in cell:
        return cell
    whole: list[Any] = []
    for output in cell["outputs"]:
        last = whole[-1] if whole else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            whole[-1] = {**last, "text": last["text"] + output["text"]}
        else:
            whole.append(output)
    return {**cell, "outputs": whole}


def masked(value: Any) -> str:
    """A value as text with what may differ between two runs of one engine taken out."""
    text = json.dumps(_without_times(value), ensure_ascii=False, sort_keys=True)
    for pattern, name in ((TIMES, "TIME"), (ADDRESS, "ADDRESS"), (PROCESS, "ipykernel_PID"), (TOOK, "TOOK")):
        text = pattern.sub(name, text)
    return FILE_OF_CELL.sub("ipykernel_PID/CELL.py", text)


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        names = (*DURATIONS, "output_path")
        return {
            key: "MASKED" if key in names and one is not None else _without_times(one)
            for key, one in value.items()
        }
    return [_without_times(one) for one in value] if isinstance(value, list) else value
