"""Outcomes as lines for people and facts for machines."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shnor_analysis.accounting import Accounting
from shnor_analysis.cli.speech import say, say_count, speak_language, tell, tell_facts, warn
from shnor_analysis.errors import PartlyDone
from shnor_analysis.glossary import label, terms
from shnor_analysis.language import render, render_problem

if TYPE_CHECKING:
    import pandas as pd

    from shnor_analysis.workspace import FileOutcome, IngestOutcome, ReportRun, Status

MOST_PROBLEMS_A_FILE = 40


def show_ingest(outcome: IngestOutcome) -> None:
    """One line a file, its problems to the error stream, and the sum."""
    for file in outcome.files:
        tell(f"{file.path.name}: {_state(file, is_dry_run=outcome.is_dry_run)}{_rows(file)}")
        for replaced in file.replaced:
            tell(say("cli.replaced", table=replaced.table, rows=replaced.rows, file=replaced.file_name))
        tell_reasons(file.accounting)
        show_problems(file)
    counts = _counts(outcome)
    _tell_counts(counts, is_dry_run=outcome.is_dry_run)
    if outcome.is_dry_run:
        tell(say("cli.dry_run"))
    tell_facts({**counts, "dry_run": outcome.is_dry_run, "files": [_facts(file) for file in outcome.files]})


def show_refusals(outcome: IngestOutcome) -> None:
    """The refused files and the sum, for an import of many files."""
    for file in outcome.of("refused"):
        tell(f"{file.path.name}: {say('cli.file_refused')}")
        show_problems(file)
    _tell_counts(_counts(outcome))


def _counts(outcome: IngestOutcome) -> dict[str, int]:
    return {
        "stored": len(outcome.of("stored", "replaced")),
        "same": len(outcome.of("same")),
        "refused": len(outcome.of("refused")),
    }


def _tell_counts(counts: dict[str, int], *, is_dry_run: bool = False) -> None:
    words = {"stored": "would_be_stored"} if is_dry_run else {}
    shown = [
        say_count(f"cli.files_{words.get(name, name)}", n)
        for name, n in counts.items()
        if n or name == "stored"
    ]
    tell(", ".join(shown))


def show_reports(run: ReportRun, *, is_resuming: bool = False) -> int:
    """How many reports are done, which failed and why, and where the index lies; returns the exit code."""
    from shnor_analysis.batch.failures import failure_in_words

    if is_resuming:
        tell(say("cli.run_resumed" if run.is_resumed else "cli.run_anew", run=run.run_id))
    tell(say_count("cli.reports_done", len(run.made)))
    if run.reused:
        tell(say_count("cli.reports_reused", len(run.reused)))
    if run.failed:
        tell(say_count("cli.reports_failed", len(run.failed)))
    for failed in run.failed:
        warn(say("cli.report_failed", unit=failed.unit_id, reason=failure_in_words(failed, speak_language())))
    tell(say("cli.reports_index", path=run.index))
    tell_facts(
        {
            "run": run.run_id,
            "done": [done.unit_id for done in run.made],
            "reused": [done.unit_id for done in run.reused],
            "failed": {failed.unit_id: failed.reason for failed in run.failed},
            "index": str(run.index),
            "seconds": round(run.seconds, 1),
        }
    )
    return PartlyDone.exit_code if run.failed else 0


def show_problems(file: FileOutcome) -> None:
    """Every problem and note of a file, each a paragraph; the rest of a very long list is counted."""
    problems = (*file.problems, *file.notes)
    for problem in problems[:MOST_PROBLEMS_A_FILE]:
        warn("  " + render_problem(problem, speak_language()))
    if len(problems) > MOST_PROBLEMS_A_FILE:
        warn("  " + say_count("cli.more_problems", len(problems) - MOST_PROBLEMS_A_FILE))


def show_status(status: Status, *, year: int | None = None, missing: pd.DataFrame | None = None) -> None:
    """What is there: schools, then a line a procedure with how many schools have it.

    With a school year: its procedures alone, each with the schools of the register that lack it (`missing`).
    """
    if status.coverage is None:
        tell(say("cli.status_empty" if status.files.empty else "cli.status_not_built"))
        tell_facts({"files": len(status.files), "is_built": False})
        return
    tell(say("cli.status_schools", n=status.schools_n))
    if not status.is_up_to_date:
        tell(say("cli.status_not_up_to_date"))
    procedures: list[dict[str, Any]] = status.coverage.procedures.to_dict("records")  # type: ignore[assignment]
    if missing is not None:
        procedures = [
            row | {"missing": _lacking(row, missing)} for row in procedures if row["school_year"] == year
        ]
    tell(say("cli.status_head"))
    for row in procedures:
        tell(_status_line(row, status.schools_n))
        if row.get("missing"):
            tell("      " + say("cli.status_missing", schools=", ".join(row["missing"])))
    if status.models:
        tell(say(f"cli.status_models_{status.models[1]}", year=status.models[0]))
    tell_facts(
        {
            "files": len(status.files),
            "is_built": True,
            "is_up_to_date": status.is_up_to_date,
            "schools": status.schools_n,
            "procedures": procedures,
            "models": dict(zip(("year", "state"), status.models or (), strict=False)),
        }
    )


def _lacking(row: dict[str, Any], missing: pd.DataFrame) -> list[str]:
    """The schools that lack the procedure of a row."""
    keys = ("assessment", "subject", "grade", "season")
    is_it = (missing[list(keys)] == [row[key] for key in keys]).all(axis=1)
    return [str(school) for school in missing.loc[is_it, "school_id"]]


def tell_reasons(accounting: Accounting) -> None:
    """A line a reason: what was left out of a file and what was read in another way than it stands."""
    language = speak_language()
    for step in accounting.steps:
        for reason in step.reasons:
            tell(f"    {reason.n}: " + render(f"reason.{reason.code}", language, n=reason.n, **reason.fields))


def show_accounting(accounting: Accounting) -> None:
    """A line a step and a line a reason."""
    language = speak_language()
    for step in accounting.steps:
        name = render(f"step.{step.code}", language)
        tell(f"{name} · {_subject(step.subject)}: {step.rows_in} → {step.rows_out}")
        for reason in step.reasons:
            tell(f"    {reason.n}: " + render(f"reason.{reason.code}", language, n=reason.n, **reason.fields))
    tell_facts({"steps": [_step_facts(step) for step in accounting.steps]})


def _subject(subject: str) -> str:
    key = f"table.{subject}"
    return label(key, speak_language()) if key in terms() else subject


def _step_facts(step: Any) -> dict[str, object]:
    reasons = [{"code": reason.code, "n": reason.n, **reason.fields} for reason in step.reasons]
    return {
        "step": step.code,
        "subject": step.subject,
        "rows_in": step.rows_in,
        "rows_out": step.rows_out,
        "reasons": reasons,
    }


def _state(file: FileOutcome, *, is_dry_run: bool) -> str:
    would_change = is_dry_run and file.state in {"stored", "replaced"}
    return say(f"cli.would_be_{file.state}" if would_change else f"cli.file_{file.state}")


def _rows(file: FileOutcome) -> str:
    shown = [f"{name} {rows}" for name, rows in file.rows if rows]
    return f" ({', '.join(shown)})" if shown else ""


def _facts(file: FileOutcome) -> dict[str, object]:
    return {
        "file": str(file.path),
        "state": file.state,
        "report": file.report,
        "rows": dict(file.rows),
        "replaced": [asdict(replaced) for replaced in file.replaced],
        "problems": [
            {
                "code": problem.code,
                "sheet": problem.sheet,
                "cell": problem.cell,
                "found": problem.found,
                "text": render_problem(problem, speak_language()),
            }
            for problem in file.problems
        ],
    }


def _status_line(row: dict[str, Any], schools_n: int) -> str:
    language = speak_language()
    name = (
        f"{label('assessment.' + row['assessment'], language)}, {label('subject.' + row['subject'], language)}, "
        f"{row['grade']}, {label('season.' + row['season'], language)}"
    )
    return f"{row['school_year']}  {name:<40} {row['schools_n']:>6} {schools_n - row['schools_n']:>8}"
