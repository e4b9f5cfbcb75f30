"""Parquet is the truth, DuckDB the engine over it; everything here can be built again."""
