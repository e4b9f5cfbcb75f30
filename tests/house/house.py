"""Reading the house: files, functions, codes and texts, for the guards of this folder."""

from __future__ import annotations

import ast
import io
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "shnor_analysis"
MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 60
MOST_ROOT_ENTRIES = 18
FORBIDDEN_NAMES = frozenset(
    {"utils", "util", "helpers", "helper", "common", "core", "misc", "new", "v2", "old"}
)
TEXT_OF = {
    "Problem": ("problem.{}", "problem.{}.fix"),
    "Reason": ("reason.{}",),
    "Step": ("step.{}",),
    "then": ("step.{}",),
    "NotEstimable": ("not_estimable.{}",),
    "CannotFit": ("not_estimable.{}",),
    "Suppressed": ("suppressed.{}",),
}
RENDERERS = frozenset({"render", "render_count", "say"})
CODE = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$")
PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)")


@lru_cache(maxsize=1)
def kept_files() -> tuple[Path, ...]:
    """Every file that git keeps or would keep: tracked, or new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode("utf-8")
    return tuple(ROOT / name for name in sorted(set(listed.split("\0"))) if name and (ROOT / name).is_file())


def python_files(folder: Path = ROOT) -> tuple[Path, ...]:
    """Every kept Python file below a folder."""
    return tuple(path for path in kept_files() if path.suffix == ".py" and path.is_relative_to(folder))


def shown(path: Path) -> str:
    """The path from the root."""
    return path.relative_to(ROOT).as_posix()


def function_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body without its docstring."""
    body = function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def long_functions(source: str, most: int = MOST_FUNCTION_LINES) -> list[str]:
    """Names and lengths of functions above the limit."""
    functions = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return [f"{one.name}: {function_lines(one)}" for one in functions if function_lines(one) > most]


def is_forbidden_name(path: Path) -> bool:
    """Whether a module or folder has a name that says nothing."""
    parts = path.with_suffix("").parts
    return any(part in FORBIDDEN_NAMES or (part.endswith("_") and not part.startswith("_")) for part in parts)


def front_door_imports(source: str, submodules: Iterable[str]) -> list[int]:
    """Lines that import the front door itself, which import-linter does not see from a lower floor."""
    rooms = set(submodules)
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import) and any(name.name == "shnor_analysis" for name in node.names):
            found.append(node.lineno)
        if isinstance(node, ast.ImportFrom) and node.module == "shnor_analysis":
            found += [node.lineno for name in node.names if name.name not in rooms]
    return found


def dangerous_code(source: str) -> list[str]:
    """Calls of eval and exec, and imports that run what they read."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"eval", "exec"}
        ):
            found.append(f"{node.func.id} in line {node.lineno}")
        names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [
            name for name in names if name.split(".")[0] in {"pickle", "joblib", "shelve", "marshal", "dill"}
        ]
    return found


def needed_texts(source: str) -> list[str]:
    """The msgids that a module needs: from literal first arguments of problems, reasons, steps and renderers."""
    needed: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        for code in literals(node):
            needed += [pattern.format(code) for pattern in TEXT_OF.get(name, ())]
            if name in RENDERERS and CODE.match(code):
                needed.append(code)
    return needed


def literals(call: ast.Call) -> Iterator[str]:
    """The literal first argument of a call, both branches where it is a choice of two."""
    first = (
        call.args[0]
        if call.args
        else next((k.value for k in call.keywords if k.arg in {"code", "reason"}), None)
    )
    choices = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
    for choice in choices:
        if isinstance(choice, ast.Constant) and isinstance(choice.value, str):
            yield choice.value


@dataclass(frozen=True, slots=True)
class Text:
    """One message of a catalogue: its msgid, its forms, and the places to fill."""

    code: str
    forms: tuple[str, ...]
    has_plural: bool

    @property
    def places(self) -> frozenset[str]:
        """Names of the places in any form."""
        return frozenset(name for form in self.forms for name in PLACE.findall(form))


def texts_of(content: str, language: str) -> dict[str, Text]:
    """The messages of one .po file by msgid."""
    messages = (one for one in read_po(io.BytesIO(content.encode("utf-8")), locale=language) if one.id)
    return {text.code: text for text in map(_text, messages)}


def _text(message: Message) -> Text:
    has_plural = not isinstance(message.id, str)
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return Text(message.id[0] if has_plural else message.id, tuple(forms), has_plural)


def catalogue_files(language: str) -> dict[str, str]:
    """The .po files of a language by name."""
    folder = PACKAGE / "locale" / language
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.po"))}


def all_texts(language: str) -> dict[str, Text]:
    """Every message of a language."""
    return {
        code: text
        for content in catalogue_files(language).values()
        for code, text in texts_of(content, language).items()
    }
