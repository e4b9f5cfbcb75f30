"""Which notebooks a fork can run, and by which engine of papermill: those for this very Python, where a fork is safe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from shnor_analysis.batch.warm.forking import NotForked, why_not_fork

LAUNCH = ("-m", "ipykernel_launcher")
CONNECTION = ("-f", "{connection_file}")
SPEEDUPS = frozenset({"-Xfrozen_modules=off"})
_said: set[tuple[str, str]] = set()


def choose_engine(notebook: Any, kernel_name: str) -> tuple[Any, dict[str, Any]]:
    """The engine of papermill for a notebook, with its own options.

    A notebook with widgets gets a kernel on ports, every other one a kernel on a wire; both are forked from the shared
    server. Where that is switched off, or a file beside the notebook hides a library, this process is forked.

    Raises:
        NotForked: no fork is safe here.
    """
    if not is_this_python(kernel_name):
        raise NotForked("other_kernel", kernel_name)
    if sys.platform != "linux":
        raise NotForked("no_fork", sys.platform)
    from shnor_analysis.batch.warm.shared.borrowing import may_share
    from shnor_analysis.batch.warm.widgets import has_widgets

    is_shared = may_share(os.environ, Path.cwd())
    if has_widgets(notebook):
        return _engine_with_ports(is_shared)
    from shnor_analysis.batch.warm.papermill_engines import WireEngine, fork_from_server, fork_here

    if not is_shared:
        raise_if_unsafe()
    kernel, wire = fork_from_server() if is_shared else fork_here()
    return WireEngine, {"kernel": kernel, "wire": wire}


def _engine_with_ports(is_shared: bool) -> tuple[Any, dict[str, Any]]:
    if is_shared:
        from shnor_analysis.batch.warm.port_engine import SharedPortEngine

        return SharedPortEngine, {}
    from papermill.engines import NBClientEngine

    return NBClientEngine, {}


def raise_if_unsafe() -> None:
    """Go on only where this process may be forked into a kernel.

    Raises:
        NotForked: it may not.
    """
    reason, detail = ("inside_shell", "") if _has_shell() else why_not_fork()
    if reason:
        raise NotForked(reason, detail)


def say_once(error: NotForked, say: Callable[[str], Any]) -> None:
    """Say why notebooks run plainly, each reason once in a process."""
    if (error.reason, error.detail) in _said:
        return
    from shnor_analysis.language import render, session_language

    _said.add((error.reason, error.detail))
    say(render(f"warm.{error.reason}", session_language(), detail=error.detail))


def is_this_python(kernel_name: str) -> bool:
    """Whether a kernel is ipykernel of the running interpreter, started without anything special."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec(kernel_name)
    except NoSuchKernel:
        return False
    return not spec.env and arguments_of(spec.argv) == CONNECTION


def arguments_of(command: Sequence[str]) -> tuple[str, ...] | None:
    """The arguments of a kernel that a command starts; None if that is not ipykernel of the running interpreter."""
    python, *rest = command
    words = tuple(word for word in rest if word not in SPEEDUPS)
    return words[2:] if words[:2] == LAUNCH and _is_same_python(python) else None


def _is_same_python(python: str) -> bool:
    """`python` alone means the running one: jupyter_client puts it there."""
    if os.sep not in python:
        return python in {
            "python",
            f"python{sys.version_info[0]}",
            "python{}.{}".format(*sys.version_info[:2]),
        }
    return Path(python).absolute() == Path(sys.executable).absolute()


def _has_shell() -> bool:
    """Whether IPython already runs here: there is one shell a process."""
    shell: Any = sys.modules.get("IPython.core.interactiveshell")
    return bool(shell and shell.InteractiveShell.initialized())
