"""``ringfence report``: the same judgement as ``check``, as a document for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringfence.cli.show import format_option, judging_options, output_option, show

if TYPE_CHECKING:
    from ringfence.report import Report


@click.command(
    "report",
    short_help="Write the report on a country: HTML for people, or any other format.",
    epilog="""\b
Examples:
  ringfence report countries/lab.yaml -o report.html      one file, readable offline
  ringfence report countries/lab.yaml -f markdown         for a merge request
  ringfence report countries/lab.yaml -f csv -o all.csv   for a spreadsheet""",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=click.Path(path_type=Path))
@judging_options
@format_option("html")
@output_option
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    today: datetime | None,
    stage: str | None,
    waivers: Path | None,
    form: str,
    output: Path | None,
) -> None:
    """Judge each PATH as `check` does and write the report; the HTML one opens with whether the country may go ahead."""
    report = report_on_paths(paths, today, stage, waivers, pictures=form == "html")
    show(report, form, output, everything=True)
    ctx.exit(report.exit_code)


def report_on_paths(
    paths: Sequence[Path], today: datetime | None, stage: str | None, waivers: Path | None, *, pictures: bool = False
) -> Report:
    """Read, judge and report on all paths as one; ``pictures`` adds drawings where a subject has a country.

    Raises:
        InputError: a path cannot be read, or its waivers cannot be verified.
    """
    from ringfence.cli.judging import report_of
    from ringfence.cli.subjects import subjects
    from ringfence.graph import pictures_of
    from ringfence.report.joined import joined

    at: Any = stage
    day = today.date() if today else None
    return joined(
        [
            report_of(
                subject, today=day, stage=at, waivers=waivers,
                pictures=pictures_of(subject.estate) if pictures else (),
            )
            for subject in subjects(paths)
        ]
    )  # fmt: skip
