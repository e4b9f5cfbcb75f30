"""Help in the language of the run: typer's own words are English, and here they are replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typer import rich_utils
from typer.core import TyperCommand, TyperGroup, TyperOption

from shnor_analysis.cli.speech import say

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = {"int": "kind.number", "float": "kind.number", "Path": "kind.path"}


def speak_panels() -> None:
    """Give the panels of every help page their titles and marks."""
    rich_utils.OPTIONS_PANEL_TITLE = say("cli.options")
    rich_utils.ARGUMENTS_PANEL_TITLE = say("cli.arguments")
    rich_utils.COMMANDS_PANEL_TITLE = say("cli.commands")
    rich_utils.DEFAULT_STRING = say("cli.default", value="{}")
    rich_utils.REQUIRED_LONG_STRING = say("cli.required")


class _Spoken:
    """What commands and the group of them have alike: the line of usage and the option `--help`."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write how the command is called."""
        pieces = self.collect_usage_pieces(ctx)  # type: ignore[attr-defined]  # of the class it is mixed into
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=f"{say('cli.usage')} ")

    def get_help_option(self, ctx: Any) -> Any:
        """The option `--help` in the language of the run."""
        option = super().get_help_option(ctx)  # type: ignore[misc]  # of the class it is mixed into
        if option is not None:
            option.help = say("option.help")
            option.metavar = ""
        return option


class SpokenCommand(_Spoken, TyperCommand):
    """A command whose help speaks the language of the run."""

    def __init__(self, *arguments: Any, **fields: Any) -> None:
        super().__init__(*arguments, **{**fields, "options_metavar": say("cli.usage.options")})
        name_kinds(self.params)


class SpokenGroup(_Spoken, TyperGroup):
    """All commands together; help speaks the language of the run."""

    def __init__(self, *arguments: Any, **fields: Any) -> None:
        spoken = {
            "options_metavar": say("cli.usage.options"),
            "subcommand_metavar": say("cli.usage.command"),
        }
        super().__init__(*arguments, **{**fields, **spoken})
        name_kinds(self.params)


def name_kinds(parameters: Iterable[Any]) -> None:
    """Say what kind of value a parameter takes: a word for an option, the name of an argument, nothing for a switch."""
    for parameter in parameters:
        if not isinstance(parameter, TyperOption):
            parameter.metavar = say(f"argument.{parameter.name}")
            parameter.display_type_rich = _nothing  # else `list[Path]`
        elif parameter.is_flag:
            parameter.metavar = ""
        else:
            parameter.metavar = say(KINDS.get(parameter.bare_type(), "kind.text"))


def _nothing(ctx: Any) -> None:
    """An argument's name says what it is."""
