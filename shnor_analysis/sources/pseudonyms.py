"""Keyed pseudonyms for pupil codes, and the key: outside the workspace, made once, never replaced silently."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from shnor_analysis.errors import EnvironmentProblem, Problem
from shnor_analysis.files import write_text

KEY_VARIABLE = "SHNOR_KEY_FILE"
KEY_BYTES = 32
PSEUDONYM_DIGITS = 32
FINGERPRINT_PATH = Path("data") / "validated" / "key_fingerprint"
OWNER_ONLY = 0o600


def pseudonym(key: bytes, *parts: str) -> str:
    """HMAC-SHA256 of the parts under the key, the first 32 hexadecimal digits.

    Each part goes in with its length, so ("1", "23") and ("12", "3") differ. Limits: whoever has the key can guess
    codes; pseudonyms of a small school stay personal data.
    """
    message = b"".join(_framed(part) for part in parts)
    return hmac.digest(key, message, "sha256").hex()[:PSEUDONYM_DIGITS]


def _framed(part: str) -> bytes:
    return len(part.encode("utf-8")).to_bytes(4, "big") + part.encode("utf-8")


def pseudonyms(key: bytes, purpose: str, *columns: pd.Series) -> pd.Series:
    """The pseudonym of each row, from a purpose (`pupil`, `link`) and one part a column; each set is hashed once.

    Equals `pseudonym(key, purpose, *texts)`. A row with an empty last part (no code) gets none. The result has the
    index of the columns.
    """
    found = [pd.factorize(_as_parts(column)) for column in columns]
    rows = np.zeros(len(columns[0]), dtype=np.int64)
    for codes, parts in found:
        rows = rows * (len(parts) + 1) + codes + 1
    _, first, place = np.unique(rows, return_index=True, return_inverse=True)
    messages = [_framed(purpose)] * len(first)
    for codes, parts in found:
        framed = [_framed(str(part)) for part in parts] + [_framed("")]
        messages = [done + framed[code] for done, code in zip(messages, codes[first], strict=True)]
    hashed = np.array(
        [hmac.digest(key, one, "sha256").hex()[:PSEUDONYM_DIGITS] for one in messages], dtype=object
    )
    hashed[found[-1][0][first] < 0] = None
    return pd.Series(hashed[place], index=columns[0].index).astype("str")


def _as_parts(column: pd.Series) -> Any:
    """Text of each cell; a code that a spreadsheet took for a number is written without a fraction."""
    if pd.api.types.is_float_dtype(column):
        column = column.astype("Int64")
    return column.astype("object").map(lambda value: str(value).strip(), na_action="ignore").replace("", None)


def key_path(workspace_id: str, environ: Mapping[str, str] | None = None) -> Path:
    """Where the key of a workspace lies: SHNOR_KEY_FILE, else `keys/<workspace_id>.key` in the user's config folder."""
    from platformdirs import user_config_dir

    named = (os.environ if environ is None else environ).get(KEY_VARIABLE)
    return (
        Path(named)
        if named
        else Path(user_config_dir("shnor", appauthor=False)) / "keys" / f"{workspace_id}.key"
    )


def load_key(path: Path, *, workspace: Path) -> bytes:
    """The workspace's key, made when there is none and no pupil was imported yet.

    Parameters:
        path: Where the key lies, see `key_path`.
        workspace: Folder of the workspace. Its `data/validated/key_fingerprint` says that pupils were
            imported, and under which key.

    Raises: EnvironmentProblem `key_inside` (the key lies in the workspace), `key_broken` (no key in the file),
    `key_missing` (pupils were imported, the key is gone), `key_other` (they were imported under another key).
    Nothing is ever given new pseudonyms silently.
    """
    if path.resolve().is_relative_to(workspace.resolve()):
        raise EnvironmentProblem(Problem("key_inside", file=str(path)))
    known = _known_fingerprint(workspace)
    if not path.exists():
        if known is not None:
            raise EnvironmentProblem(Problem("key_missing", file=str(path)))
        return _make_key(path)
    key = _read_key(path)
    if known is not None and not hmac.compare_digest(known, fingerprint(key)):
        raise EnvironmentProblem(Problem("key_other", file=str(path)))
    return key


def fingerprint(key: bytes) -> str:
    """What the workspace remembers of its key: says which key it was, not what it is."""
    return hashlib.sha256(b"shnor key fingerprint\0" + key).hexdigest()[:16]


def remember_key(key: bytes, *, workspace: Path) -> None:
    """Note in the workspace under which key its pupils were imported; call it when pupils are stored."""
    if _known_fingerprint(workspace) is None:
        write_text(workspace / FINGERPRINT_PATH, fingerprint(key) + "\n")


def _known_fingerprint(workspace: Path) -> str | None:
    path = workspace / FINGERPRINT_PATH
    return path.read_text(encoding="ascii").strip() if path.exists() else None


def _read_key(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (ValueError, OSError) as error:
        raise EnvironmentProblem(Problem("key_broken", file=str(path))) from error
    if len(key) != KEY_BYTES:
        raise EnvironmentProblem(Problem("key_broken", file=str(path)))
    return key


def _make_key(path: Path) -> bytes:
    key = secrets.token_bytes(KEY_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # created closed and only if absent: of two programmes that start at once the second reads the first one's key
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError:
        return _read_key(path)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(key.hex() + "\n")
    return key
