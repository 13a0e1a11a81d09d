"""``ringfence up``: the lab, `pulumi up` of every stack, the hosts' baseline, and the report; what `make up` runs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ringfence.cli.lab import lab_country
from ringfence.cli.show import say


@click.command(
    "up",
    short_help="Everything: the lab, pulumi up of every stack, the hosts, the report.",
    epilog="""\b
Examples:
  ringfence up                              the lab's country, on this machine
  ringfence up countries/lab.yaml -o r.html

\b
A second run changes nothing and says `0 changed`. After a crash or a kill, run it again.""",
)
@click.argument("country", type=click.Path(path_type=Path), required=False)
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="The report [default: in the lab's folder]."
)
@click.pass_context
def command(ctx: click.Context, country: Path | None, output: Path | None) -> None:
    """Build COUNTRY (default: countries/lab.yaml) on this machine's lab and report on it.

    Prints what exists, what changed, the verdicts, and where the report lies.
    """
    import lab
    from engine.paths import lab_dir
    from ringfence.cli.country import open_country
    from ringfence.cli.report import report_on_paths
    from ringfence.cli.show import show
    from stacks.up import bring_up

    file = country or lab_country()
    opened = open_country(file)
    started = lab.up(opened.estate, say)
    os.environ.update(lab.environment())
    brought = bring_up(file, say)
    target = output or lab_dir() / "report.html"
    report = report_on_paths([file], None, None, None, pictures=True)
    show(report, "html", target)
    changed = brought.changed + len(started.changes)
    for stack in brought.stacks:
        click.echo(f"{stack.stack:<16} {stack.resources:>4} resources  {stack.changed:>4} changed  {stack.seconds:6.1f} s")
    counts = " · ".join(f"{count} {status.replace('_', ' ')}" for status, count in report.counts.items())
    click.echo(f"{len(opened.estate.devices)} devices, {len(opened.estate.keys)} keys, {len(opened.estate.buckets)} buckets")
    click.echo(f"verdicts: {counts}")
    click.echo(report.sentence())
    click.echo(f"{changed} changed; report: {target}")
    ctx.exit(report.exit_code)
