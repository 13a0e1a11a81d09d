"""``ringfence lab``: the embedded data centre on this machine."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click

from ringfence.cli.show import say


@click.group(
    "lab",
    short_help="Start, show and remove the embedded data centre on this machine.",
    epilog="""\b
Examples:
  ringfence lab up                 servers, six switches and four hosts, on this machine only
  ringfence lab status
  eval "$(ringfence lab env)"      so that pulumi and kubectl in this shell find it
  ringfence lab down               removes all of it""",
)
def command() -> None:
    """The lab: real servers, switches and hosts of a small country on one machine; needs root."""


@command.command("up", short_help="Start it, or mend what is broken; changes nothing that runs.")
@click.argument("country", type=click.Path(path_type=Path), required=False)
def up(country: Path | None) -> None:
    """Start the lab for COUNTRY (default: countries/lab.yaml). Repeating it changes nothing."""
    import lab
    from ringfence.cli.country import open_country

    lab.up(open_country(country or lab_country()).estate, say)


@command.command("status", short_help="Show what runs.")
@click.pass_context
def status(ctx: click.Context) -> None:
    """Show each server and machine; exit code 4 unless all of them answer."""
    import lab
    from ringfence.escape import terminal

    services = lab.status()
    width = max((len(service.name) for service in services), default=0)
    for service in services:
        memory = f"{service.memory_bytes / 2**20:6.0f} MiB" if service.memory_bytes else ""
        click.echo(terminal(f"{service.name:<{width}}  {service.state:<13} {service.address:<22} {memory}").rstrip())
    running = sum(service.state == "running" for service in services)
    say(f"{running} of {len(services)} run" if services else "the lab is down; `ringfence lab up` starts it")
    ctx.exit(0 if services and running == len(services) else 4)


@command.command("down", short_help="Remove it: processes, data, keys and Pulumi state.")
def down() -> None:
    """Remove the lab with everything in it; what was built stays in the cache."""
    import lab

    lab.down(say)


@command.command("env", short_help="Print what a shell needs to find it.")
def env() -> None:
    """Print `export` lines for a shell, in which `pulumi` then works: eval "$(ringfence lab env)"."""
    import lab
    from engine.pulumi_cli import environment, find_pulumi

    os.environ.update(lab.environment())
    wanted = {**environment(find_pulumi(say)), **lab.environment()}
    # pulumi's Python and this command's are the same, so that the shell finds both.
    wanted["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{wanted['PATH']}"
    for name, value in sorted(wanted.items()):
        if name == "PATH" or name.startswith("PULUMI_") or name in lab.environment():
            click.echo(f"export {name}={shlex.quote(value)}")


def lab_country() -> Path:
    """Return the country file of the lab, wherever the working directory is."""
    import countries

    return Path(str(countries.__file__)).parent / "lab.yaml"
