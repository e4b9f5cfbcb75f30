"""Text as a value: blocks that every format can walk; HTML is built here, and here every character is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 (the report), 2 (a section) or 3."""

    text: str
    level: int = 2

    def html(self) -> str:
        """The heading as markup."""
        return f"<h{self.level}>{escape(self.text)}</h{self.level}>"

    def plain(self) -> str:
        """The heading as text."""
        return self.text


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `kind` is plain, lead, note, caution, badge or quiet."""

    text: str
    kind: str = "plain"

    def html(self) -> str:
        """The paragraph as markup."""
        return f'<p class="{self.kind}">{escape(self.text)}</p>'

    def plain(self) -> str:
        """The paragraph as text."""
        return self.text


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without order."""

    items: tuple[str, ...]

    def html(self) -> str:
        """The list as markup."""
        return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in self.items) + "</ul>"

    def plain(self) -> str:
        """The list as text."""
        return "\n".join(f"– {item}" for item in self.items)


@dataclass(frozen=True, slots=True)
class Tile:
    """One fact to be seen first: what it is, the value, and what the value needs to be understood."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Tiles:
    """The facts to be seen first, side by side."""

    tiles: tuple[Tile, ...]

    def html(self) -> str:
        """The facts as boxes: name, value, note."""
        cells = (
            f'<div class="tile"><div class="name">{escape(tile.label)}</div>'
            f'<div class="value"><b>{escape(tile.value)}</b></div><div class="more">{escape(tile.note)}</div></div>'
            for tile in self.tiles
        )
        # no list of terms: JupyterLab floats its parts, and the numbers leave their names
        return f'<div class="tiles">{"".join(cells)}</div>'

    def plain(self) -> str:
        """The facts as lines."""
        return "\n".join(f"{tile.label}: {tile.value} ({tile.note})" for tile in self.tiles)


Block = Heading | Paragraph | Bullets | Tiles


@dataclass(frozen=True, slots=True)
class Text:
    """What a section says, block by block, and what a page around it needs to know (`facts`, plain JSON values)."""

    section: str
    blocks: tuple[Block, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))

    def __str__(self) -> str:
        return "\n\n".join(block.plain() for block in self.blocks)

    def html(self) -> str:
        """The section as markup; everything that came from data is escaped."""
        return f'<div class="text {self.section}">{"".join(block.html() for block in self.blocks)}</div>'

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        """Show the section in a notebook; the facts travel as metadata of the output."""
        known = {"text/html": {"shnor": dict(self.facts)}} if self.facts else {}
        return {"text/html": self.html(), "text/plain": str(self)}, known
