"""The door: a file is looked at before any reader opens it, and refused in words where it is a danger or no table."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree
from xml.parsers import expat

from shnor_analysis.errors import InputRefused, Problem
from shnor_analysis.sources.cells import ErrorCell
from shnor_analysis.sources.percent_cells import PercentCells, percent_styles
from shnor_analysis.sources.sheet_scan import (
    CHUNK_BYTES,
    MOST_COLUMNS,
    BrokenSheetError,
    SheetScan,
    scan_sheet,
)
from shnor_analysis.sources.xls_scan import EncryptedWorkbookError, scan_workbook

XML_ERRORS = (ElementTree.ParseError, expat.ExpatError)
Kind = Literal["xlsx", "xls", "csv"]
MEGABYTE = 1 << 20
MOST_FILE_BYTES = 50 * MEGABYTE
MOST_UNPACKED_BYTES = 500 * MEGABYTE
MOST_RATIO = 100
SMALL_UNPACKED_BYTES = 10 * MEGABYTE
MOST_ENTRIES = 2000
MOST_WORKBOOK_XML_BYTES = 4 * MEGABYTE
MOST_STYLES_BYTES = 32 * MEGABYTE
CSV_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
STYLES = "xl/styles.xml"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OLE_MACROS = "_VBA_PROJECT".encode("utf-16-le")
_ENTITIES = re.compile(rb"<\s*!\s*(?:DOCTYPE|ENTITY)")
_ENCRYPTED_FLAG = 0x1
_REL = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True, slots=True)
class Preflight:
    """What the door saw: kind of file, a look at each sheet, whether values of other workbooks are linked."""

    kind: Kind
    scans: Mapping[str, SheetScan] = field(default_factory=dict)
    has_external_links: bool = False

    @property
    def errors(self) -> dict[str, tuple[ErrorCell, ...]]:
        """Error cells of each sheet."""
        return {name: scan.errors for name, scan in self.scans.items()}

    @property
    def percents(self) -> dict[str, PercentCells]:
        """Cells formatted as percentages of each sheet."""
        return {name: scan.percents for name, scan in self.scans.items()}


def check_file(path: Path) -> Preflight:
    """Look at a file without opening it as a table.

    Limits: 50 MB as it lies, 500 MB unpacked, 100 times unpacked (above 10 MB), 2,000 parts, 702 columns and
    5 million cells a sheet; no macros, no password, no DTD. Raises InputRefused with the one code that applies.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise _refusal(path, "file_unreadable") from error
    if size == 0 or not head.strip(b"\x00\r\n\t ;,\xef\xbb\xbf"):
        raise _refusal(path, "file_empty")
    if size > MOST_FILE_BYTES:
        raise _refusal(path, "file_too_big", size=f"{size / MEGABYTE:.0f}", limit=MOST_FILE_BYTES // MEGABYTE)
    if head.startswith(b"PK"):
        return _check_zip(path)
    if head.startswith(OLE_MAGIC):
        return _check_ole(path)
    is_binary = b"\x00" in head and not head.startswith(UTF_16_MARKS)
    if path.suffix.lower() not in CSV_SUFFIXES or is_binary or head.lstrip()[:1] == b"<":
        raise _refusal(path, "not_a_table")
    return Preflight("csv")


def _refusal(
    path: Path, code: str, *, sheet: str | None = None, cell: str | None = None, **fields: object
) -> InputRefused:
    return InputRefused(Problem(code, file=path.name, sheet=sheet, cell=cell, fields=fields))


def _check_ole(path: Path) -> Preflight:
    raw = path.read_bytes()
    if _ENCRYPTED in raw:
        raise _refusal(path, "password_protected")
    if _OLE_MACROS in raw:
        raise _refusal(path, "macros")
    try:
        scans = scan_workbook(raw)
    except EncryptedWorkbookError as error:
        raise _refusal(path, "password_protected") from error
    except BrokenSheetError as error:
        raise _refusal(path, "workbook_broken") from error
    return Preflight("xls", {name: _within_limits(path, name, scan) for name, scan in scans.items()})


def _check_zip(path: Path) -> Preflight:
    try:
        with zipfile.ZipFile(path) as archive:
            return _check_archive(path, archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, BrokenSheetError, *XML_ERRORS) as error:
        raise _refusal(path, "workbook_broken") from error
    except (NotImplementedError, RuntimeError, ValueError, KeyError, OSError) as error:
        raise _refusal(path, "workbook_broken") from error


def _check_archive(path: Path, archive: zipfile.ZipFile) -> Preflight:
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
        raise _refusal(path, "password_protected")
    if len(entries) > MOST_ENTRIES:
        raise _refusal(path, "too_many_parts", size=len(entries), limit=MOST_ENTRIES)
    if unpacked > MOST_UNPACKED_BYTES or (unpacked > SMALL_UNPACKED_BYTES and unpacked > MOST_RATIO * packed):
        raise _refusal(
            path, "zip_bomb", size=f"{unpacked / MEGABYTE:.0f}", limit=MOST_UNPACKED_BYTES // MEGABYTE
        )
    if "xl/workbook.xml" not in names:
        raise _refusal(path, "not_a_table")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise _refusal(path, "macros")
    _check_parts(path, archive)
    styles = _percent_styles(archive)
    scans = {
        name: _check_sheet(path, archive, (name, part), percent_styles=styles)
        for name, part in _sheet_parts(archive)
    }
    return Preflight("xlsx", scans, any(name.startswith("xl/externalLinks/") for name in names))


def _check_parts(path: Path, archive: zipfile.ZipFile) -> None:
    """Read every part but the sheets to its end: no DTD, right check sums, no more than declared."""
    for entry in archive.infolist():
        is_sheet = entry.filename.startswith("xl/worksheets/")
        with archive.open(entry) as stream:
            head = stream.read(CHUNK_BYTES if not is_sheet else 4096)
            if _ENTITIES.search(head[:4096].replace(b"\x00", b"")):
                raise _refusal(path, "xml_entities")
            while not is_sheet and stream.read(CHUNK_BYTES):
                pass


def _sheet_parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Name and part of each sheet of the workbook."""
    for part in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
        if archive.getinfo(part).file_size > MOST_WORKBOOK_XML_BYTES:
            raise BrokenSheetError(part)
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target", "") for link in links.iter(f"{_REL}Relationship")}
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    for sheet in book.iter():
        if sheet.tag.rpartition("}")[2] != "sheet":
            continue
        link = next((value for key, value in sheet.attrib.items() if key == _LINK or key.endswith("}id")), "")
        target = targets.get(link, "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if part.startswith("xl/worksheets/"):
            yield sheet.get("name", ""), part


def _percent_styles(archive: zipfile.ZipFile) -> frozenset[int]:
    if STYLES not in archive.namelist():
        return frozenset()
    if archive.getinfo(STYLES).file_size > MOST_STYLES_BYTES:
        raise BrokenSheetError(STYLES)
    with archive.open(STYLES) as stream:
        return percent_styles(stream)


def _check_sheet(
    path: Path, archive: zipfile.ZipFile, sheet: tuple[str, str], *, percent_styles: frozenset[int]
) -> SheetScan:
    name, part = sheet
    with archive.open(part) as stream, archive.open(part) as again:
        return _within_limits(path, name, scan_sheet(stream, again, percent_styles=percent_styles))


def _within_limits(path: Path, sheet: str, scan: SheetScan) -> SheetScan:
    """The look at a sheet that is neither too wide nor too big."""
    place = {"sheet": sheet, "cell": scan.far_cell}
    if scan.is_too_wide:
        raise _refusal(path, "sheet_too_wide", **place, size=scan.columns, limit=MOST_COLUMNS)
    if scan.is_too_big:
        raise _refusal(path, "sheet_too_big", **place, rows=scan.rows, columns=scan.columns)
    return scan
