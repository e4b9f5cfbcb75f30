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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

MACHINERY = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
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

    "module:function" is called, too: it may read what every report reads, and must start no thread.

    Libraries that ask at import whether they are in a notebook are told yes, as they will be.
    """
    from shnor_analysis.batch.lean_papermill import papermill

    papermill()
    from shnor_analysis.batch.warm.kernel import INLINE_BACKEND

    os.environ.setdefault("MPLBACKEND", INLINE_BACKEND)
    absent = []
    with _as_in_a_kernel():
        for name in (*MACHINERY, *modules):
            module, _, function = name.partition(":")
            try:
                imported = importlib.import_module(module)
            except ImportError:
                absent.append(module)
                continue
            if function:
                getattr(imported, function)()
    _use_once()
    gc.collect()
    gc.freeze()
    return tuple(absent)


@contextmanager
def _as_in_a_kernel() -> Iterator[None]:
    """For the time of the imports, `get_ipython` is there and has a kernel."""
    shell = SimpleNamespace(kernel=object(), config={"IPKernelApp": {}})
    builtins.get_ipython = lambda: shell  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del builtins.get_ipython  # type: ignore[attr-defined]


def _use_once() -> None:
    """What libraries prepare at first use: the checker of notebooks, the list of fonts."""
    import nbformat

    cell = {"id": "a", "cell_type": "markdown", "metadata": {}, "source": ""}
    nbformat.validate({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    if "matplotlib" not in sys.modules:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    FigureCanvasAgg(figure)
    figure.add_subplot().set_title("Яя")
    figure.savefig(io.BytesIO(), format="png")
