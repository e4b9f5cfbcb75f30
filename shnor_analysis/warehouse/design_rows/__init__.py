"""The rows of a model as arrays, for models that sums of products cannot hold."""

from shnor_analysis.warehouse.design_rows.reading import read_design_rows
from shnor_analysis.warehouse.design_rows.values import DesignRows, RandomPart

__all__ = ["DesignRows", "RandomPart", "read_design_rows"]
