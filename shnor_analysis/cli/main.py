"""Where `shnor` starts: finds the language, runs a command, turns every error into words and an exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from shnor_analysis.cli.speech import say, speak_language, warn
from shnor_analysis.errors import EnvironmentProblem, Problem, ShnorError, UsageProblem
from shnor_analysis.language import LANGUAGES, render_problem

INTERRUPTED = 130
TERMINATED = 143
OUR_FAULT = 1
USAGE = 2
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR})
STOPPED_QUERY = "Query interrupted"  # and Ctrl-C in the midst of a query, too
# matrices here are small: threads of the linear algebra cost more than twice the time of one (`shnor fit`: 78 s, not 32)
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
NO_SPACE = os.strerror(errno.ENOSPC)  # the database tells a full disk in the system's words only


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `shnor` and return its exit code.

    0 done, 1 our own fault, 2 usage, 3 partly done, 4 input refused, 5 data against a rule, 6 environment,
    130 interrupted, 143 ended by SIGTERM.
    """
    os.environ.update({name: "1" for name in ONE_THREAD if name not in os.environ})
    given = list(sys.argv[1:] if arguments is None else arguments)
    with _sigterm_as_interrupt() as heard:
        code = _run_in_words(given)
    return TERMINATED if heard and code == INTERRUPTED else code


@contextmanager
def _sigterm_as_interrupt() -> Iterator[list[int]]:
    """For a block, SIGTERM ends what runs as Ctrl-C does; the list then has it.

    Batch systems and containers end a process so, and wait some seconds for it to clear up after itself.
    """
    heard: list[int] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        if not heard:  # clearing up is not interrupted again
            heard.append(number)
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield heard
    finally:
        signal.signal(signal.SIGTERM, before)


def _run_in_words(given: list[str]) -> int:
    is_debugging = "--debug" in given
    try:
        speak_language(choose_language(given))
        return _run(given)
    except KeyboardInterrupt:
        warn(say("cli.interrupted"))
        return INTERRUPTED
    except ShnorError as error:
        if is_debugging:
            traceback.print_exc()
        for problem in error.problems:
            warn(render_problem(problem, speak_language()))
        return error.exit_code
    except BrokenPipeError:
        return OUR_FAULT
    except Exception as error:
        if is_debugging:
            traceback.print_exc()
        return _tell_fault(error)


def _tell_fault(error: Exception) -> int:
    """Say what no part of the programme expected, and return the exit code."""
    if STOPPED_QUERY in str(error):
        warn(say("cli.interrupted"))
        return INTERRUPTED
    if problem := _system_problem(error):
        warn(render_problem(problem, speak_language()))
        return EnvironmentProblem.exit_code
    warn(say("cli.our_fault", kind=type(error).__name__, message=str(error)))
    return OUR_FAULT


def _system_problem(error: Exception) -> Problem | None:
    """What the system refused, where it is not our fault: a full disk, a folder or file that may not be written."""
    number = error.errno if isinstance(error, OSError) else None
    if number in FULL or NO_SPACE in str(error):
        return Problem("disk_full")
    if isinstance(error, OSError) and number in CLOSED:
        return Problem("folder_closed", file=str(error.filename) if error.filename else None)
    return None


def choose_language(arguments: Sequence[str]) -> str:
    """The language of `--language`, else of the variable SHNOR_LANGUAGE, else Russian; UsageProblem for another."""
    chosen = os.environ.get("SHNOR_LANGUAGE", "ru")
    for place, argument in enumerate(arguments):
        if argument == "--language" and place + 1 < len(arguments):
            chosen = arguments[place + 1]
        elif argument.startswith("--language="):
            chosen = argument.partition("=")[2]
    if chosen not in LANGUAGES:
        speak_language("ru")
        raise UsageProblem(
            Problem(
                "option_value_wrong",
                found=chosen,
                allowed=", ".join(LANGUAGES),
                fields={"option": "--language"},
            )
        )
    return chosen


def _run(arguments: list[str]) -> int:
    from typer.exceptions import Abort, Exit, TyperException

    from shnor_analysis.cli.commands import make_app

    try:
        result = make_app()(arguments, prog_name="shnor", standalone_mode=False)
    except Exit as stop:
        return stop.exit_code
    except Abort:
        return INTERRUPTED
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            return USAGE
        raise UsageProblem(_usage_problem(error, arguments)) from error
    if result == INTERRUPTED:  # what typer makes of Ctrl-C
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0


def _usage_problem(error: Exception, arguments: list[str]) -> Problem:
    kind = type(error).__name__
    parameter = getattr(error, "param", None)
    if kind == "NoSuchOption":
        return Problem("option_unknown", found=str(getattr(error, "option_name", "")))
    if kind == "MissingParameter" and parameter is not None:
        # an argument has only the word that stands for it, an option has its own name
        is_option = str(parameter.opts[0]).startswith("-")
        shown = parameter.opts[0] if is_option else parameter.metavar or parameter.opts[0]
        return Problem("option_missing", fields={"option": shown})
    if kind == "BadParameter" and parameter is not None:
        name = str(parameter.opts[0])
        return Problem("option_value_wrong", found=_value_given(name, arguments), fields={"option": name})
    return Problem("command_wrong", found=" ".join(["shnor", *arguments]))


def _value_given(option: str, arguments: list[str]) -> str | None:
    for place, argument in enumerate(arguments):
        if argument.startswith(f"{option}="):
            return argument.partition("=")[2]
        if argument == option and place + 1 < len(arguments):
            return arguments[place + 1]
    return None


if __name__ == "__main__":
    sys.exit(main())
