"""lme4's formula language: text to outcomes, fixed terms and random bars; nothing in it is run before it is checked."""

from shnor_analysis.warehouse.formulas.allowed import CONTEXT
from shnor_analysis.warehouse.formulas.parsing import formula_columns, parse_formula
from shnor_analysis.warehouse.formulas.values import Bar, ModelFormula

__all__ = ["CONTEXT", "Bar", "ModelFormula", "formula_columns", "parse_formula"]
