"""Parquet is the truth, DuckDB the engine over it: stored files, the built warehouse, and reading from it."""

from shnor_analysis.warehouse.comparison import Replaced
from shnor_analysis.warehouse.records import StoredFile, read_records
from shnor_analysis.warehouse.store import (
    Receipt,
    StoreOutcome,
    plan_store,
    receive,
    store_reading,
    store_together,
)

__all__ = [
    "Receipt",
    "Replaced",
    "StoreOutcome",
    "StoredFile",
    "plan_store",
    "read_records",
    "receive",
    "store_reading",
    "store_together",
]
