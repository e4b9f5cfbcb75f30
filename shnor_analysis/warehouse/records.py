"""What is kept of every stored file: its card, its place in the order of receipt, its accounting.

`data/validated/cards/<sha256>.json` is written last; Parquet without a card does not exist for anybody.

Which row counts follows from the order of receipt alone:

* All files of one import have one receipt number; together they complement each other.
* What a later receipt says about a scope (`Table.scope`: the school or area and the procedure) in the same layout
  replaces what earlier receipts said about it. Tables of pupils: only files that share a pupil are replaced, because
  two classes of a school may come one after the other.
* A receipt of several files is stored as a whole: `data/validated/pending.json` holds its cards until each has its own
  file, and readers count them as stored; whoever writes next finishes what a killed import left.
* Nothing is deleted: replaced rows stay in the older Parquet and are left out when the warehouse is built.

A file that is read anew because its mapping, its corrections or its options have changed gets a new receipt and a
new `reading` number; the new card then points at the new Parquet in one step.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shnor_analysis.accounting import Accounting, Reason, Step
from shnor_analysis.files import write_text
from shnor_analysis.schemas.card import FileCard

VALIDATED = Path("data") / "validated"
PENDING = VALIDATED / "pending.json"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was stored: card, receipt number, number of the reading, and what the reading depended on."""

    card: FileCard
    receipt: int
    reading: int
    circumstances: str
    accounting: Accounting

    @property
    def sha256(self) -> str:
        """Hash of the raw file."""
        return self.card.sha256

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that the file gave rows for."""
        return tuple(name for name, rows in self.card.rows if rows)

    def part(self, folder: Path, table: str) -> Path:
        """Where the file's rows of a table lie."""
        return part_path(folder, table, self.sha256, self.reading)


def part_path(folder: Path, table: str, sha256: str, reading: int) -> Path:
    """Path of the rows that one reading of a file gave for a table."""
    name = f"{sha256}.parquet" if reading == 0 else f"{sha256}.{reading}.parquet"
    return folder / VALIDATED / table / name


def card_path(folder: Path, sha256: str) -> Path:
    """Path of a stored file's card."""
    return folder / VALIDATED / "cards" / f"{sha256}.json"


def read_records(folder: Path) -> tuple[StoredFile, ...]:
    """Every stored file in the order of receipt."""
    pending = _read_pending(folder)
    cards = (folder / VALIDATED / "cards").glob("*.json")
    read = {path.stem: record_from(json.loads(path.read_text(encoding="utf-8"))) for path in cards}
    read.update((record.sha256, record) for record in pending)
    return tuple(sorted(read.values(), key=lambda record: (record.receipt, record.sha256)))


def write_records(folder: Path, records: Sequence[StoredFile]) -> None:
    """Write the cards of a receipt; from one moment on all its files are stored."""
    if len(records) > 1:
        write_text(folder / PENDING, _json_text([_record_to(record) for record in records]))
    for record in records:
        write_record(folder, record)
    (folder / PENDING).unlink(missing_ok=True)


def finish_pending(folder: Path) -> None:
    """Give every card of a receipt that was interrupted its own file."""
    write_records(folder, _read_pending(folder))


def _read_pending(folder: Path) -> tuple[StoredFile, ...]:
    try:
        raw = json.loads((folder / PENDING).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    return tuple(record_from(one) for one in raw)


def write_record(folder: Path, record: StoredFile) -> None:
    """Write a card; from this moment the file is stored."""
    write_text(card_path(folder, record.sha256), _json_text(_record_to(record)))


def _json_text(raw: object) -> str:
    return json.dumps(raw, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _record_to(record: StoredFile) -> dict[str, Any]:
    return {
        "card": asdict(record.card),
        "receipt": record.receipt,
        "reading": record.reading,
        "circumstances": record.circumstances,
        "accounting": accounting_to(record.accounting),
    }


def record_from(raw: Mapping[str, Any]) -> StoredFile:
    """Build a stored file from its JSON."""
    card = {**raw["card"], "rows": tuple((str(name), int(rows)) for name, rows in raw["card"]["rows"])}
    return StoredFile(
        card=FileCard(**card),
        receipt=int(raw["receipt"]),
        reading=int(raw["reading"]),
        circumstances=str(raw["circumstances"]),
        accounting=accounting_from(raw["accounting"]),
    )


def accounting_to(accounting: Accounting) -> list[dict[str, Any]]:
    """Make an accounting ready for JSON."""
    return [
        {
            "code": step.code,
            "subject": step.subject,
            "rows_in": step.rows_in,
            "rows_out": step.rows_out,
            "reasons": [
                {
                    "code": reason.code,
                    "n": reason.n,
                    "fields": {k: _plain(v) for k, v in reason.fields.items()},
                }
                for reason in step.reasons
            ],
        }
        for step in accounting.steps
    ]


def accounting_from(raw: Iterable[Mapping[str, Any]]) -> Accounting:
    """Build an accounting from its JSON."""
    return Accounting(
        tuple(
            Step(
                code=step["code"],
                subject=step["subject"],
                rows_in=step["rows_in"],
                rows_out=step["rows_out"],
                reasons=tuple(Reason(item["code"], item["n"], item["fields"]) for item in step["reasons"]),
            )
            for step in raw
        )
    )


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
