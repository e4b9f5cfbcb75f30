"""What was closed, under which rule: places and reasons, never a number."""

from __future__ import annotations

from dataclasses import dataclass, field

from shnor_analysis.results import Suppressed

FEWER_THAN_10 = "fewer_than_10_tested"
FEWER_THAN_5 = "fewer_than_5"
SIZE_UNKNOWN = "size_unknown"
OTHER_SCHOOLS = "other_schools"

SHARES_FROM_TEN = "shares_from_ten"
SMALL_NUMBERS = "small_numbers"
OWN_SCHOOL_ONLY = "own_school_only"
_RULES = {FEWER_THAN_10: SHARES_FROM_TEN, OTHER_SCHOOLS: OWN_SCHOOL_ONLY}


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One suppression: its place among the facts (`results[3].school.low`), the rule and the reason shown."""

    place: str
    rule: str
    reason: str


@dataclass(slots=True)
class AuditTrail:
    """Collects the lines of one release."""

    lines: list[AuditLine] = field(default_factory=list)

    def close(self, place: str, reason: str) -> Suppressed:
        """Note a suppression and return what stands in the number's place.

        A number closed for its own sake and one closed to protect it look alike here, too: the audit may be printed.
        """
        self.lines.append(AuditLine(place, _RULES.get(reason, SMALL_NUMBERS), reason))
        return Suppressed(reason)
