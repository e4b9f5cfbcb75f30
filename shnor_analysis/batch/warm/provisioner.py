"""The door for every client of Jupyter: kernels that are started by a fork, or as usual where no fork is safe."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Bool

from shnor_analysis.batch.warm.choosing import arguments_of, raise_if_unsafe, say_once
from shnor_analysis.batch.warm.forking import NotForked

NAME = "shnor-warm"
UNDERSTOOD = frozenset({"cwd", "env", "stdin", "stdout", "stderr", "extra_arguments", "kernel_id"})


class WarmProvisioner(LocalProvisioner):
    """Starts kernels of this very Python by a fork of the shared server, or of this process if it is told so."""

    is_own_fork = Bool(False, help="fork this process instead of the shared server")

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Launch a kernel by a fork; where none is safe, as usual, and say why."""
        arguments = arguments_of(cmd)
        try:
            if arguments is None:
                raise NotForked("other_kernel", cmd[0])  # noqa: TRY301
            process = self._fork(arguments, **kwargs)
        except NotForked as error:
            say_once(error, self.log.warning)
            process = None
        if process is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid = process, process.pid
        # an own fork stays in the group of this process, which must not be signalled
        self.pgid = None if self.is_own_fork else process.pid
        self.cwd = kwargs.get("cwd", Path.cwd())
        return self.connection_info

    def _fork(self, arguments: tuple[str, ...], **kwargs: Any) -> Any:
        """The process of a forked kernel; None where the shared server is not wanted or does not fit.

        Raises:
            NotForked: a fork is not safe.
        """
        if sys.platform != "linux":
            raise NotForked("no_fork", sys.platform)
        if self.is_own_fork:
            from shnor_analysis.batch.warm.own_port_kernel import fork_own

            raise_if_unsafe()
            return fork_own(arguments)
        return _borrowed(arguments, kwargs)


def _borrowed(arguments: tuple[str, ...], given: Mapping[str, Any]) -> Any:
    from shnor_analysis.batch.warm.shared.borrowing import borrow, may_share
    from shnor_analysis.batch.warm.shared.surroundings import look_around

    environment = os.environ if given.get("env") is None else given["env"]
    unknown = {name for name, value in given.items() if value and name not in UNDERSTOOD}
    around = look_around(environment, given.get("cwd"))
    if unknown or not may_share(environment, Path(around.folder)):
        return None
    with _outputs(given) as outputs:
        return None if outputs is None else borrow(around, outputs=outputs, arguments=arguments)


@contextmanager
def _outputs(given: Mapping[str, Any]) -> Iterator[tuple[int, int] | None]:
    """Descriptors for what a kernel writes to its output and its errors; None where that is a pipe to be made."""
    with ExitStack() as stack:
        found: list[int] = []
        for name, usual in (("stdout", 1), ("stderr", 2)):
            wanted = given.get(name)
            if wanted is None:
                found.append(usual)
            elif wanted == subprocess.DEVNULL:
                found.append(stack.enter_context(Path(os.devnull).open("wb")).fileno())
            elif isinstance(wanted, int) and wanted < 0:
                break
            else:
                found.append(wanted if isinstance(wanted, int) else wanted.fileno())
        yield (found[0], found[1]) if len(found) == 2 else None
