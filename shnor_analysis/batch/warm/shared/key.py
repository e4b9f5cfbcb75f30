"""What a shared server is made for. Whatever would change what its children see makes another name, so another server."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import site
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[3]
NAME_LENGTH = 20
# libraries and the interpreter read these when they are imported; all others reach the child of a server
READ_AT_IMPORT = (
    "ARROW_",
    "BLIS_",
    "GOTO_",
    "IPYTHON",
    "JOBLIB_",
    "JUPYTER",
    "KMP_",
    "LANG",
    "LC_",
    "LD_",
    "MALLOC_",
    "MATPLOTLIB",
    "MKL_",
    "MPL",
    "NUMBA_",
    "NUMEXPR_",
    "NUMPY_",
    "OMP_",
    "OPENBLAS_",
    "PANDAS_",
    "PYTHON",
    "SCIPY_",
    "SHNOR_WARM_",
    "SKLEARN_",
    "VECLIB_",
)
READ_BY_NAME = frozenset({"HOME", "TZ", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"})
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
STAMPED = (".dist-info", ".egg-info", ".egg-link", ".pth")


def server_name(environment: Mapping[str, str]) -> str:
    """The name of the server for this user, machine, interpreter, its packages, and an environment."""
    parts = {
        "interpreter": [sys.executable, sys.version, sys.prefix],
        "user": [os.getuid(), os.getgid(), sorted(os.getgroups())],
        "packages": list(_stamps()),
        "machinery": machinery_hash(),
        "environment": sorted(read_at_import(environment).items()),
        "confines": _confines(),
    }
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:NAME_LENGTH]


def read_at_import(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that has its effect before a child is forked."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(READ_AT_IMPORT) or name in READ_BY_NAME
    }


def machinery() -> tuple[Path, ...]:
    """The files of the package that a server may hold in memory."""
    rooms = (PACKAGE / "__init__.py", PACKAGE / "batch" / "__init__.py")
    return (*rooms, *sorted((PACKAGE / "batch" / "warm").rglob("*.py")))


def machinery_hash() -> str:
    """One hash of all files of the machinery, as they are now."""
    whole = hashlib.sha256()
    for path in machinery():
        whole.update(f"{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    return whole.hexdigest()


@lru_cache(maxsize=1)
def package_folders() -> tuple[Path, ...]:
    """Where packages are installed for this interpreter."""
    places = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    return tuple(Path(place) for place in dict.fromkeys(places) if Path(place).is_dir())


def _stamps() -> Iterator[tuple[str, int]]:
    """What is installed: names with versions, and when each was put there."""
    for folder in package_folders():
        with os.scandir(folder) as entries:
            found = [
                (entry.path, entry.stat().st_mtime_ns) for entry in entries if entry.name.endswith(STAMPED)
            ]
        yield from sorted(found)


def _confines() -> list[Any]:
    """The view of the machine that processes of one session share: namespaces, control group, hard limits."""
    spaces = [(Path("/proc/self/ns") / name) for name in NAMESPACES]
    limits = [
        resource.getrlimit(getattr(resource, name))[1]
        for name in sorted(dir(resource))
        if name.startswith("RLIMIT_")
    ]
    group = Path("/proc/self/cgroup")
    return [
        [path.readlink().name for path in spaces if path.is_symlink()],
        group.read_text() if group.is_file() else "",
        limits,
    ]
