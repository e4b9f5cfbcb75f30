"""The rows of a model of successes and failures: sorted by group, equal ones counted into one."""

from shnor_analysis.warehouse.design_rows.reading import read_design_rows
from shnor_analysis.warehouse.design_rows.values import DesignRows, RandomPart

__all__ = ["DesignRows", "RandomPart", "read_design_rows"]
