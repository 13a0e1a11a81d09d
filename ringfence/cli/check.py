"""``ringfence check``: judge a country file, a saved plan, or Kubernetes manifests."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from ringfence.cli.show import format_option, judging_options, output_option, show


@click.command(
    "check",
    short_help="Judge a country file, a saved plan or Kubernetes manifests.",
    epilog="""\b
Examples:
  ringfence check countries/lab.yaml
  pulumi preview --json --show-sames > plan.json; ringfence check plan.json
  ringfence check manifests/                            the rules about pods
  ringfence check countries/lab.yaml manifests/         pods as part of the country
  ringfence check countries/lab.yaml -f sarif -o ringfence.sarif
  ringfence check countries/lab.yaml --today 2028-02-01   what will a law change?

\b
Exit codes: 0 may go ahead, 1 a mandatory rule fails, 2 bad input, 3 a mandatory rule is unknown.""",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=click.Path(path_type=Path))
@judging_options
@click.option("--all", "everything", is_flag=True, help="Show what passes too (text format).")
@format_option("text")
@output_option
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    today: datetime | None,
    stage: str | None,
    waivers: Path | None,
    everything: bool,
    form: str,
    output: Path | None,
) -> None:
    """Judge each PATH: a country file, a saved `pulumi preview --json`, or a folder of Kubernetes manifests.

    Nothing is contacted and no code of the subject runs. Exit code 0 means that no mandatory rule fails or is unknown;
    advisory failures are shown and exit 0.
    """
    from ringfence.cli.report import report_on_paths

    report = report_on_paths(paths, today, stage, waivers, pictures=form == "html")
    show(report, form, output, everything=everything)
    ctx.exit(report.exit_code)
