"""Markup from a notebook's output, rebuilt from a short list of harmless elements; nothing else survives as markup."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

ELEMENTS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "br",
        "caption",
        "code",
        "col",
        "colgroup",
        "dd",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "hr",
        "i",
        "li",
        "ol",
        "p",
        "pre",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ]
)
EMPTY = frozenset({"br", "col", "hr"})
ATTRIBUTES = frozenset(
    {"class", "colspan", "rowspan", "scope", "headers", "id", "aria-labelledby", "span", "lang", "dir"}
)
DROPPED = frozenset({"style"})
NAME_LIST = re.compile(r"^[\w\- ]{1,300}$")


class _Rebuilder(HTMLParser):
    """Writes known elements anew with known attributes; unknown markup becomes visible text, character by character."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []
        self._dropping = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DROPPED:
            self._dropping = tag
        elif tag in ELEMENTS:
            self.parts.append(f"<{tag}{_attributes(attrs)}>")
            if tag not in EMPTY:
                self.open.append(tag)
        else:
            self.parts.append(escape(self.get_starttag_text() or f"<{tag}>"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in ELEMENTS - EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._dropping:
            self._dropping = ""
        elif tag in self.open:
            while self.open:
                last = self.open.pop()
                self.parts.append(f"</{last}>")
                if last == tag:
                    return
        elif tag not in ELEMENTS:
            self.parts.append(escape(f"</{tag}>"))

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self.parts.append(escape(data))

    def handle_decl(self, decl: str) -> None:
        self.parts.append(escape(f"<!{decl}>"))

    def handle_pi(self, data: str) -> None:
        self.parts.append(escape(f"<?{data}>"))

    def unknown_decl(self, data: str) -> None:
        self.parts.append(escape(f"<![{data}]>"))


def _attributes(attrs: list[tuple[str, str | None]]) -> str:
    kept = ((name, value or "") for name, value in attrs if name in ATTRIBUTES)
    return "".join(f' {name}="{escape(value)}"' for name, value in kept if NAME_LIST.match(value))


def sanitise(markup: str) -> str:
    """Rebuild markup from harmless elements and attributes.

    Style sheets and comments go; any other markup stays readable as text. Elements left open are closed, so that
    an output cannot reach into the page around it.
    """
    rebuilder = _Rebuilder()
    rebuilder.feed(markup)
    rebuilder.close()
    closing = "".join(f"</{tag}>" for tag in reversed(rebuilder.open))
    return "".join(rebuilder.parts) + closing
