"""The only door from closed facts to pages: closes what is too small to be shown and notes each time it did."""

from __future__ import annotations

from shnor_analysis.disclosure.audit import AuditLine
from shnor_analysis.disclosure.door import AUDIENCES, Audience, Released, release

__all__ = ["AUDIENCES", "Audience", "AuditLine", "Released", "release"]
