"""ipykernel as it is, with its ports, in a forked process: for clients that know nothing of a wire."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp

from shnor_analysis.batch.warm.kernel import Action, look_like_a_kernel, nothing


class PortKernel(IPythonKernel):
    """The kernel of IPython that says when a cell is over."""

    after_cell: Action = staticmethod(nothing)

    async def do_execute(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Run a cell."""
        reply: dict[str, Any] = await super().do_execute(*arguments, **options)
        self.after_cell()
        return reply


class PortKernelApp(IPKernelApp):
    """The application of ipykernel; who forked this process watches over its client."""

    name = "ipython-kernel"

    def init_poller(self) -> None:
        """The process that is named as the parent is not the one that forked."""


def serve_ports(
    arguments: Iterable[str],
    *,
    parent: str = "",
    after_cell: Action = nothing,
    when_ready: Action = nothing,
) -> None:
    """Be a kernel as `python -m ipykernel_launcher ARGUMENTS` is one, until a client ends it.

    Only once in a process, in its main thread, and only in one that was forked for it.
    """
    look_like_a_kernel(parent)
    sys.argv[1:] = list(arguments)
    app = PortKernelApp.instance(kernel_class=PortKernel)
    app.initialize(sys.argv[1:])
    app.kernel.after_cell = after_cell
    when_ready()
    app.start()
