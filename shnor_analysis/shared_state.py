"""What this process was given before it was forked, by name, with a hash of each: a page says what it rests on."""

from __future__ import annotations

from collections.abc import Mapping

_declared: dict[str, str] = {}


def declare(name: str, fingerprint: str) -> None:
    """Say that something is kept in memory for all processes forked from here."""
    _declared[name] = fingerprint


def declared() -> Mapping[str, str]:
    """Name and hash of everything that was declared; empty in a process that reads all by itself."""
    return dict(_declared)
