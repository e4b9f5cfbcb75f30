"""The door for papermill: `papermill --engine warm`.

Papermill imports every engine while it is itself being imported, so this module imports nothing of it.
"""

from __future__ import annotations

from typing import Any


class WarmEngine:
    """Papermill's engine interface; the kernel is forked from a shared server, or plain where that is not possible."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str | None, **options: Any) -> Any:
        """Execute a notebook as papermill's own engine does, with the same outputs, metadata and exceptions."""
        from papermill.engines import NBClientEngine
        from papermill.log import logger

        from shnor_analysis.batch.warm.choosing import choose_engine, say_once
        from shnor_analysis.batch.warm.forking import NotForked

        try:
            engine, more = choose_engine(nb, cls.nb_kernel_name(nb, kernel_name))
        except NotForked as error:
            say_once(error, logger.warning)
            engine, more = NBClientEngine, {}
        return engine.execute_notebook(nb, kernel_name, **more, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """The kernel that a notebook asks for."""
        from papermill.utils import nb_kernel_name

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """The language that a notebook is written in."""
        from papermill.utils import nb_language

        return str(nb_language(nb, language))
