"""`shnor`: thin commands; the only place that sets logging, language and exit codes."""

from shnor_analysis.cli.main import main

__all__ = ["main"]
