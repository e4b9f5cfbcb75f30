"""A kernel in a child of the shared server: on a wire for the warm engine, on ports for every other client."""

from __future__ import annotations

import gc
import importlib
import json
import os
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from shnor_analysis.batch.warm.forking import leave_parent
from shnor_analysis.batch.warm.shared.seen_imports import Telling
from shnor_analysis.batch.warm.shared.surroundings import take_over

NEEDED = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.datapub",
    "ipykernel.heartbeat",
    "ipykernel_launcher",
    "pdb",
    "tornado.platform.asyncio",
    "tornado.queues",
    "shnor_analysis.batch.warm.kernel",
    "shnor_analysis.batch.warm.port_kernel",
)
PROJECT = "shnor_analysis"


def prepare() -> None:
    """In the server: import what every kernel needs."""
    for name in NEEDED:
        try:
            importlib.import_module(name)
        except ImportError:  # a part that another version of a library has not
            continue
    gc.collect()
    gc.freeze()


def be_kernel(
    asked: Mapping[str, Any], connection: socket.socket, *, descriptors: Sequence[int], pipe: int
) -> NoReturn:
    """Be the kernel that a guest asked for and end this process; never returns.

    Args:
        asked: `kind` ("wire" or "ports"), `surroundings`, `arguments` of a kernel on ports.
        connection: to the guest, who is told that the kernel has begun.
        descriptors: for output, for errors, and the wire.
        pipe: where to tell of imports.
    """
    code = 1
    try:
        leave_parent()
        out, errors, *wires = descriptors
        for source, target in ((out, 1), (errors, 2)):
            os.dup2(source, target)
            os.close(source)
        take_over(asked["surroundings"])
        _say_started(connection)
        _serve(asked, wires, Telling(pipe))
        code = 0
    except SystemExit as wanted:
        code = wanted.code if isinstance(wanted.code, int) else int(wanted.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _say_started(connection: socket.socket) -> None:
    """The group of this process exists by now, so that who hears this may signal it."""
    handle = os.pidfd_open(os.getpid())
    said = json.dumps({"event": "started", "pid": os.getpid()}).encode() + b"\n"
    connection.setblocking(True)
    socket.send_fds(connection, [said], [handle])
    os.close(handle)
    connection.close()


def _serve(asked: Mapping[str, Any], wires: Sequence[int], telling: Telling) -> None:
    from shnor_analysis.batch.warm.kernel import run_exit_functions, serve
    from shnor_analysis.batch.warm.port_kernel import serve_ports

    sys.path.insert(0, "")  # where a started interpreter has its folder, which a kernel takes out again
    if asked["kind"] == "wire":
        wire = socket.socket(fileno=wires[0])
        serve(wire, parent=_parent(asked), after_cell=telling.tell, when_ready=_hide_project)
    else:
        serve_ports(
            asked["arguments"], parent=_parent(asked), after_cell=telling.tell, when_ready=_hide_project
        )
    telling.tell()
    run_exit_functions()


def _parent(asked: Mapping[str, Any]) -> str:
    return str(asked["surroundings"]["environment"]["JPY_PARENT_PID"])


def _hide_project() -> None:
    """A notebook that imports this package gets it as its files are now, not as the server once read them."""
    for name in list(sys.modules):
        if name == PROJECT or name.startswith(f"{PROJECT}."):
            del sys.modules[name]
