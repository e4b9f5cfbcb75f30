"""What the parent imports before the first fork, so that no child has to.

Who orders a run names the modules. A parent lives for one run and is started by it, so it never holds older code than
the command that ordered the run.
"""

from __future__ import annotations

import builtins
import gc
import importlib
import io
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

MACHINERY = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "encodings.ascii",
    "faulthandler",
    "ipykernel_launcher",
    "nbformat.v4",
    "pdb",
    "tornado.platform.asyncio",
    "tornado.queues",
    "shnor_analysis.batch.warm.papermill_engines",
    "shnor_analysis.batch.worker",
)


def preload(modules: Iterable[str]) -> tuple[str, ...]:
    """Import the machinery and the modules named; those that are not installed are left out and named.

    "module:function" is called, too, with the text after a second colon where there is one: it may read what every
    report reads, and must start no thread. One that fails says why in the log; reports then do without what it prepares.

    Libraries that ask at import whether they are in a notebook are told yes, as they will be.
    """
    from shnor_analysis.batch.lean_papermill import papermill

    papermill()
    from shnor_analysis.batch.warm.kernel import INLINE_BACKEND

    os.environ.setdefault("MPLBACKEND", INLINE_BACKEND)
    absent = []
    with as_in_a_kernel():
        for name in (*MACHINERY, *modules):
            module, _, rest = name.partition(":")
            function, _, argument = rest.partition(":")
            try:
                imported = importlib.import_module(module)
            except ImportError:
                absent.append(module)
                continue
            if function:
                _call(getattr(imported, function), argument)
    _check_a_notebook()
    draw_a_figure()
    gc.collect()
    gc.freeze()
    return tuple(absent)


def _call(function: Callable[..., object], argument: str) -> None:
    try:
        function(*([argument] if argument else []))
    except Exception:
        traceback.print_exc()


@contextmanager
def as_in_a_kernel() -> Iterator[None]:
    """For the time of the imports, `get_ipython` is there and has a kernel."""
    shell = SimpleNamespace(kernel=object(), config={"IPKernelApp": {}})
    builtins.get_ipython = lambda: shell  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del builtins.get_ipython  # type: ignore[attr-defined]


def _check_a_notebook() -> None:
    """What nbformat prepares at first use."""
    import nbformat

    cell = {"id": "a", "cell_type": "markdown", "metadata": {}, "source": ""}
    nbformat.validate({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def draw_a_figure() -> None:
    """What matplotlib, where it is loaded, prepares at first use: the list of fonts."""
    if "matplotlib" not in sys.modules:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    FigureCanvasAgg(figure)
    figure.add_subplot().set_title("Яя")
    figure.savefig(io.BytesIO(), format="png")
