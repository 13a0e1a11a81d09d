"""``ringfence audit``: judge what is really there."""

from __future__ import annotations

from pathlib import Path

import click

from ringfence.cli.show import format_option, output_option, say, show


@click.command(
    "audit",
    short_help="Read switches, hosts and buckets live and judge what is really there.",
    epilog="""\b
Examples:
  ringfence audit countries/lab.yaml
  ringfence audit countries/lab.yaml -f html -o audit.html

\b
Read over SSH and the object stores' API as connections.yaml says (RINGFENCE_CONNECTIONS, or the lab's own).
Exit codes: as check; 4 when something could not be read and nothing mandatory fails.""",
)
@click.argument("country", type=click.Path(path_type=Path))
@click.option("--waivers", type=click.Path(file_okay=False, exists=True, path_type=Path), help="Folder of signed waivers.")
@format_option("text")
@output_option
@click.pass_context
def command(ctx: click.Context, country: Path, waivers: Path | None, form: str, output: Path | None) -> None:
    """Read the live estate of COUNTRY, judge it at the stage `audit`, and name what differs from the declaration.

    What does not answer is unknown, never a pass. The clock is the real one.
    """
    from dataclasses import replace

    from hardware.connections import load_connections
    from hardware.provider.settings import Settings
    from ringfence.cli.judging import report_of
    from ringfence.cli.live import read_live
    from ringfence.cli.subjects import subjects
    from ringfence.errors import InputError, OperationError
    from ringfence.graph import pictures_of
    from ringfence.trust import load_trust

    (subject,) = subjects([country])
    if subject.stage != "file" or subject.only_pods:
        raise InputError(f"{country}: is no country file; an audit compares the live estate with the declaration")
    settings = Settings.from_environment()
    lab = load_trust(settings.trust_root).lab
    live = read_live(subject.estate, load_connections(settings.connections, lab=lab), say)
    for failure in live.failures:
        say(f"ringfence: {failure}")
    notices = [*(f"differs from the declaration: {line}" for line in live.drift), *live.failures]
    report = report_of(
        replace(subject, estate=live.estate, stage="audit"), waivers=waivers, notices=notices,
        pictures=pictures_of(live.estate) if form == "html" else (),
    )  # fmt: skip
    show(report, form, output)
    failed = OperationError.exit_code if live.failures else 0
    ctx.exit(report.exit_code if report.exit_code == 1 else failed or report.exit_code)
