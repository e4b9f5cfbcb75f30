"""What the reports of a workspace import, for an engine that can do it once for all of them.

A fork server of ours lives for one run and is started by it, so the package's own rooms may be in the list: no report
can meet older code than the command that ordered it.
"""

from __future__ import annotations

from shnor_analysis.glossary import terms
from shnor_analysis.language import LANGUAGES, catalogue

THIRD_PARTY = (
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PpmImagePlugin",
    "babel.dates",
    "babel.messages.pofile",
    "babel.numbers",
    "duckdb",
    "matplotlib.backends.backend_agg",
    "matplotlib.pyplot",
    "nbconvert.exporters.html",
    "numpy.ctypeslib",
    "numpy.f2py",
    "numpy.testing",
    "pandas.io.formats.html",
    "pandera.pandas",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "pydantic",
    "scipy.special",
    "statistics",
    "tomllib",
)
OWN = (
    "shnor_analysis.disclosure",
    "shnor_analysis.exhibits.figures",
    "shnor_analysis.exhibits.sentences",
    "shnor_analysis.exhibits.tables",
    "shnor_analysis.reporting.finishing",
    "shnor_analysis.workspace.evaluating",
    "shnor_analysis.workspace.opening",
    "shnor_analysis.workspace.preloading:read_texts",
)
PRELOADED = (*THIRD_PARTY, *OWN)


def read_texts() -> None:
    """Read the texts of both languages and the glossary, which every report reads."""
    terms()
    for language in LANGUAGES:
        catalogue(language)
