"""What departments receive: one reader a format, each ends in a validated table."""

from __future__ import annotations

from shnor_analysis.sources.corrections import CORRECTIONS_FOLDER, Correction, read_corrections
from shnor_analysis.sources.file_reading import FileReading, read_tables
from shnor_analysis.sources.hints import Hints, ReadingContext
from shnor_analysis.sources.mapping import MAPPINGS_FOLDER, TableMapping, read_mappings
from shnor_analysis.sources.mapping_form import propose_mappings
from shnor_analysis.sources.opening import OpenedFile, open_file
from shnor_analysis.sources.pseudonyms import key_path, load_key, remember_key
from shnor_analysis.sources.reading import Limits
from shnor_analysis.sources.recognition import Recognised

__all__ = [
    "CORRECTIONS_FOLDER",
    "MAPPINGS_FOLDER",
    "Correction",
    "FileReading",
    "Hints",
    "Limits",
    "OpenedFile",
    "ReadingContext",
    "Recognised",
    "TableMapping",
    "key_path",
    "load_key",
    "open_file",
    "propose_mappings",
    "read_corrections",
    "read_mappings",
    "read_tables",
    "remember_key",
]
