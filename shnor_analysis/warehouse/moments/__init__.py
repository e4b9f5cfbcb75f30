"""From a formula and a source of rows to sums of products: one pass of DuckDB; rows in batches where models need them."""

from shnor_analysis.warehouse.moments.batches import Batch, RowStream, matrix_batches
from shnor_analysis.warehouse.moments.design import Design
from shnor_analysis.warehouse.moments.scan import Scan
from shnor_analysis.warehouse.moments.scanning import scan
from shnor_analysis.warehouse.moments.source import Source

__all__ = ["Batch", "Design", "RowStream", "Scan", "Source", "matrix_batches", "scan"]
