"""``ringfence up``: the lab, `pulumi up` of every stack, the hosts' baseline, and the report; what `make up` runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ringfence.cli.lab import lab_country
from ringfence.cli.show import say, show
from ringfence.errors import OperationError

if TYPE_CHECKING:
    from lab import Lab
    from playbooks.run import RunResult
    from ringfence.estate import Estate
    from ringfence.report import Report
    from stacks.up import CountryUp


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
    from ringfence.cli.hosts import run_playbooks
    from ringfence.cli.report import report_on_paths
    from stacks.up import bring_up

    file = country or lab_country()
    estate = open_country(file).estate
    started = lab.up(estate, say)
    # What the stacks and the playbooks start finds the lab by these, whatever the caller's shell has set.
    os.environ.update(lab.environment())
    brought = bring_up(file, say)
    hosts = run_playbooks(file, check=False)
    if hosts.failed:
        raise OperationError(f"hosts: {', '.join(hosts.failed)} failed; see `ringfence hosts apply {file}`, then run it again")
    target = output or lab_dir() / "report.html"
    report = report_on_paths([file], None, None, None, pictures=True)
    show(report, "html", target)
    click.echo("\n".join(_account(estate, started, brought, hosts, report)))
    click.echo(f"report: {target}")
    ctx.exit(report.exit_code)


def _account(estate: Estate, started: Lab, brought: CountryUp, hosts: RunResult, report: Report) -> Iterator[str]:
    """Say what exists, what this run changed, and what the rules say about it."""
    yield f"lab             {len(started.topology.machines):>4} machines   {len(started.changes):>4} changed"
    for stack in brought.stacks:
        yield f"{stack.stack:<15} {stack.resources:>4} resources  {stack.changed:>4} changed  {stack.seconds:6.1f} s"
    yield f"hosts           {len(hosts.hosts):>4} hosts      {hosts.changed:>4} changed"
    gpus = sum(pool.gpus for pool in estate.pools)
    yield (
        f"{estate.country.name}: {len(estate.sites)} sites, {len(estate.devices)} devices, {gpus:,} GPUs in "
        f"{len(estate.pools)} pools, {len(estate.keys)} keys, {len(estate.buckets)} stores, {len(estate.namespaces)} tenants"
    )
    yield "verdicts: " + " · ".join(f"{count} {status.replace('_', ' ')}" for status, count in report.counts.items())
    yield report.sentence()
    yield f"{len(started.changes) + brought.changed + hosts.changed} changed"
