"""Parquet is the truth, DuckDB the engine over it: stored files, the built warehouse, and reading from it."""

from shnor_analysis.warehouse.build import BuildOutcome, build, current_build
from shnor_analysis.warehouse.comparison import Replaced
from shnor_analysis.warehouse.coverage import Coverage, read_coverage, read_missing
from shnor_analysis.warehouse.reading import (
    connect,
    connected,
    is_up_to_date,
    read_accounting,
    read_conflicts,
    read_stored,
    read_table,
    require_build,
)
from shnor_analysis.warehouse.recheck import check_stored
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
    "BuildOutcome",
    "Coverage",
    "Receipt",
    "Replaced",
    "StoreOutcome",
    "StoredFile",
    "build",
    "check_stored",
    "connect",
    "connected",
    "current_build",
    "is_up_to_date",
    "plan_store",
    "read_accounting",
    "read_conflicts",
    "read_coverage",
    "read_missing",
    "read_records",
    "read_stored",
    "read_table",
    "receive",
    "require_build",
    "store_reading",
    "store_together",
]
