"""Engines of papermill whose kernels have all their ports, as started ones have, and are forked all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from papermill.engines import NBClientEngine

from shnor_analysis.batch.warm.provisioner import NAME


class SharedManager(AsyncKernelManager):
    """Starts a kernel of any name by the warm provisioner."""

    stanza: ClassVar[dict[str, Any]] = {"provisioner_name": NAME, "config": {}}

    @property
    def kernel_spec(self) -> KernelSpec | None:
        """The kernel's own description, but for who starts it."""
        spec = super().kernel_spec
        if spec is not None:
            spec.metadata = {**spec.metadata, "kernel_provisioner": self.stanza}
        return spec


class OwnManager(SharedManager):
    """Starts a kernel as a fork of this very process."""

    stanza: ClassVar[dict[str, Any]] = {"provisioner_name": NAME, "config": {"is_own_fork": True}}


class SharedPortEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """Papermill's own engine with kernels of the shared server."""

    manager: ClassVar[type[AsyncKernelManager]] = SharedManager

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """Execute the cells."""
        super().execute_managed_notebook(
            nb_man, kernel_name, kernel_manager_class=cls.manager, **{**cls.hooks(), **options}
        )

    @classmethod
    def hooks(cls) -> dict[str, Any]:
        """What nbclient calls on its way."""
        return {}


class OwnPortEngine(SharedPortEngine):
    """Papermill's own engine with kernels that are forks of this process, and stay in its group."""

    manager: ClassVar[type[AsyncKernelManager]] = OwnManager
    cell_starts: Callable[[int], None] | None = None

    @classmethod
    def hooks(cls) -> dict[str, Any]:
        """Tell which cell begins."""
        tell = cls.cell_starts
        return {} if tell is None else {"on_cell_execute": lambda cell, cell_index: tell(cell_index + 1)}  # noqa: ARG005 - nbclient's names
