"""A part of a batch for one of several machines: which part a unit falls into is written in its own name."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from shnor_analysis.errors import Problem, UsageProblem

FORM = re.compile(r"([1-9][0-9]{0,4})/([1-9][0-9]{0,4})")


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `number` of `of`, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def takes(self, unit_id: str) -> bool:
        """Whether a unit belongs to this part: of all parts of one number, exactly one says yes on every machine."""
        digest = hashlib.sha256(unit_id.encode("utf-8")).digest()
        return int.from_bytes(digest, "big") % self.of == self.number - 1


def read_shard(text: str) -> Shard:
    """Read "2/4"; UsageProblem `shard_wrong` for anything that is not a part of a whole."""
    found = FORM.fullmatch(text.strip())
    if found is None or int(found[1]) > int(found[2]):
        raise UsageProblem(Problem("shard_wrong", found=text[:40]))
    return Shard(int(found[1]), int(found[2]))
