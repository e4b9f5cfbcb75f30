"""Which notebooks a fork of this process can run: those for this very Python, where a fork is safe."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from shnor_analysis.batch.warm.forking import why_not_fork
from shnor_analysis.language import render, session_language

LAUNCH = ("-m", "ipykernel_launcher", "-f", "{connection_file}")
SPEEDUPS = frozenset({"-Xfrozen_modules=off"})


def why_plain(kernel_name: str) -> tuple[str, str]:
    """The reason to run a notebook plainly (msgid ``warm.<reason>``) and its detail; two empty texts for none."""
    if not is_this_python(kernel_name):
        return "other_kernel", kernel_name
    if _has_shell():
        return "inside_shell", ""
    return why_not_fork()


def notice(reason: str, detail: str) -> str:
    """One sentence that says why a notebook runs plainly."""
    return render(f"warm.{reason}", session_language(), detail=detail)


def is_this_python(kernel_name: str) -> bool:
    """Whether a kernel is ipykernel of the running interpreter, started without anything special."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec(kernel_name)
    except NoSuchKernel:
        return False
    python, *rest = spec.argv
    arguments = tuple(word for word in rest if word not in SPEEDUPS)
    return arguments == LAUNCH and not spec.env and _is_same_python(python)


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
