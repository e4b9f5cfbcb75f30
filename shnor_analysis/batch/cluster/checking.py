"""Which workers may take part: those with the same software that see the same shared folder. Refused in words else."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shnor_analysis.batch.content_keys import code_digest
from shnor_analysis.batch.plan import Plan
from shnor_analysis.errors import Problem
from shnor_analysis.files import sha256_of

SEEN_SECONDS = 5.0
LOOK_SECONDS = 0.05
MOST_NAMED = 6


class Admission:
    """A token in the shared folder and what every worker must have; the token goes with `close`."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        """Write the token into a folder that exists."""
        self._versions = dict(plan.versions)
        self._code = code_digest()
        self._templates = {str(path): sha256_of(path) for path in {job.template for job in plan.jobs}}
        self._folder = folder
        self._name, self._token = f".token-{secrets.token_hex(4)}", secrets.token_hex(16)
        (folder / self._name).write_text(self._token, encoding="ascii")

    @property
    def question(self) -> dict[str, Any]:
        """What `on_worker.describe_worker` takes."""
        return {
            "names": sorted(self._versions),
            "templates": sorted(self._templates),
            "folder": str(self._folder),
            "token_name": self._name,
        }

    def problems(self, worker: str, told: Mapping[str, Any]) -> tuple[Problem, ...]:
        """All that keeps a worker out: `cluster_folder_unseen`, `cluster_folder_closed`, `cluster_versions_differ`, …."""
        return tuple(self._problems(worker, told))

    def _problems(self, worker: str, told: Mapping[str, Any]) -> Iterator[Problem]:
        where = {"worker": worker}
        if told["platform"] != "linux":
            yield Problem("cluster_cannot_fork", fields={**where, "detail": told["platform"]})
        if told["token"] != self._token:
            yield Problem("cluster_folder_unseen", file=str(self._folder), fields=where)
        elif not told["left"] or not self._sees(told["left"]):
            yield Problem("cluster_folder_closed", file=str(self._folder), fields=where)
        differing = self._differing(told["versions"])
        if differing:
            yield Problem("cluster_versions_differ", fields={**where, "names": differing})
        elif told["code"] != self._code:
            yield Problem("cluster_code_differs", fields=where)
        for path, digest in self._templates.items():
            if told["templates"].get(path) != digest:
                yield Problem("cluster_template_differs", file=path, fields=where)

    def _sees(self, sign: str) -> bool:
        """Whether what a worker wrote arrives here; folders of a network may take a moment."""
        path = self._folder / sign
        limit = time.monotonic() + SEEN_SECONDS
        while not path.exists() and time.monotonic() < limit:
            time.sleep(LOOK_SECONDS)
        return path.exists()

    def _differing(self, theirs: Mapping[str, str]) -> str:
        pairs = [
            f"{name} {ours} ≠ {theirs.get(name) or '—'}"
            for name, ours in sorted(self._versions.items())
            if theirs.get(name) != ours
        ]
        return ", ".join(pairs[:MOST_NAMED]) + (" …" if len(pairs) > MOST_NAMED else "")

    def close(self) -> None:
        """Remove the token and what workers wrote beside it."""
        for path in self._folder.glob(f"{self._name}*"):
            path.unlink(missing_ok=True)
