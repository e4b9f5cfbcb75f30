"""What a finished unit was made of, as one hash: two units with the same key have the same content."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shnor_analysis.files import sha256_of

if TYPE_CHECKING:
    from shnor_analysis.batch.plan import Job

KEY_VERSION = 1  # of the key itself: what was made under another is made anew
INSTALLED = ".dist-info"
BYTECODE = "__pycache__"


def content_keys(
    jobs: Iterable[Job], *, finisher: str, places: Iterable[str], versions: Mapping[str, str]
) -> dict[str, str]:
    """The content key of each job, by unit.

    Args:
        jobs: their templates must exist.
        finisher: what is done with each executed notebook.
        places: names of parameters that say where something lies on this machine; their values are no content.
        versions: of the software that the content depends on.
    """
    left_out = frozenset(places)
    templates: dict[Path, str] = {}
    keys: dict[str, str] = {}
    for job in jobs:
        if job.template not in templates:
            templates[job.template] = sha256_of(job.template)
        made_of = {
            "version": KEY_VERSION,
            "template": templates[job.template],
            "parameters": {name: value for name, value in job.parameters.items() if name not in left_out},
            "inputs": dict(job.inputs),
            "finisher": finisher,
            "software": dict(versions),
        }
        keys[job.unit_id] = hashlib.sha256(canonical(made_of)).hexdigest()
    return keys


def canonical(value: Mapping[str, Any]) -> bytes:
    """One spelling of a value of texts, numbers, truth values and mappings: the order of names does not count.

    1, 1.0 and true are three values; a lone half of a surrogate pair is kept as it is.
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


@cache
def installed_versions() -> dict[str, str]:
    """Python and every installed package: the cautious answer where nobody says what a notebook depends on."""
    found = {"python": platform.python_version()}
    for place in map(Path, sys.path):
        for path in sorted(place.glob(f"*{INSTALLED}")):
            name, _, version = path.name.removesuffix(INSTALLED).rpartition("-")
            found.setdefault(name, version)
    return found


def folder_digest(folder: Path) -> str:
    """One hash over the names and bytes of all files of a folder; empty where there is no such folder.

    Raises:
        OSError: a file cannot be read.
    """
    if not folder.is_dir():
        return ""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape")
            digest.update(name + b"\0" + sha256_of(path).encode("ascii") + b"\n")
    return digest.hexdigest()


@cache
def code_digest() -> str:
    """One hash over the files of this package: what another version of it made may differ, whatever number it bears."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.is_file() and BYTECODE not in path.parts:
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\n")
    return digest.hexdigest()
