"""``ringfence permit``: ask the gate for a permit to change or to destroy a stack."""

from __future__ import annotations

from pathlib import Path

import click

from ringfence.cli.show import say
from ringfence.errors import InputError


@click.command(
    "permit",
    short_help="Ask the gate for a permit to bring up or to destroy a stack.",
    epilog="""\b
Examples:
  ringfence permit lab.north                            to create and update, for 30 minutes
  ringfence permit --destroy lab.north                  then: pulumi destroy --stack lab.north
  ringfence permit --destroy lab.national --data-loss   its keys and stores would be gone for good

\b
Where the gate's key is at hand (the lab), `pulumi up` asks the gate by itself; a destruction is always asked for here.
Exit codes: 0 issued, 1 a mandatory rule fails, 3 one is unknown, 2 bad input, 4 the gate refused.""",
)
@click.argument("stack")
@click.option("--destroy", is_flag=True, help="To delete what the stack holds now, judged on the country file as it stands.")
@click.option("--data-loss", is_flag=True, help="With --destroy: keys and data may be lost for good.")
@click.option(
    "--country", type=click.Path(path_type=Path), envvar="RINGFENCE_COUNTRY", show_envvar=True,
    help="The country file [default: countries/<country>.yaml].",
)  # fmt: skip
@click.option(
    "--key", "keys", multiple=True, type=click.Path(path_type=Path),
    help="File of the signing key; for --destroy of each approver [default: those beside a lab's trust root].",
)  # fmt: skip
def command(stack: str, destroy: bool, data_loss: bool, country: Path | None, keys: tuple[Path, ...]) -> None:
    """Issue a permit for STACK (<country>.<part>, as lab.north) if the country's mandatory verdicts hold.

    The gate uses the real clock, and verdicts that fail or are unknown are listed, one line each.
    """
    if data_loss and not destroy:
        raise InputError("--data-loss belongs to --destroy; add it, or leave --data-loss out")
    from ringfence.cli.permitting import ask, ask_to_destroy

    if destroy:
        issued = ask_to_destroy(stack, country, data_loss=data_loss, keys=keys, say=say)
    else:
        issued = ask(stack, country, key=keys[0] if keys else None)
    click.echo(f"{issued.id} {stack} {' '.join(issued.grant.operations)} until {issued.expires:%Y-%m-%dT%H:%M:%SZ}")
    say(f"{len(issued.grant.resources)} resources are permitted, signed by {issued.issuer}")
