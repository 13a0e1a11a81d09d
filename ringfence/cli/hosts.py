"""``ringfence hosts``: what the playbooks would change on a country's hosts, and doing it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ringfence.cli.show import say
from ringfence.errors import InputError, OperationError

if TYPE_CHECKING:
    from playbooks.run import RunResult


@click.group("hosts", short_help="Harden the hosts of a country, or see what that would change.")
def command() -> None:
    """Run the playbooks against the hosts of a country file.

    Hosts are reached over SSH with the key and the pinned host keys that connections.yaml names.
    """


@command.command(
    "plan",
    epilog="""\b
Examples:
  ringfence hosts plan countries/lab.yaml
  ringfence hosts plan countries/lab.yaml --limit pool_serve""",
)
@click.argument("country", type=click.Path(path_type=Path))
@click.option("--limit", help="Only these hosts or groups, as Ansible writes them.")
def plan(country: Path, limit: str | None) -> None:
    """Say what would change on each host; change nothing."""
    _report(run_playbooks(country, check=True, limit=limit))


@command.command(
    "apply",
    epilog="""\b
Example:
  ringfence hosts apply countries/lab.yaml""",
)
@click.argument("country", type=click.Path(path_type=Path))
@click.option("--limit", help="Only these hosts or groups, as Ansible writes them.")
def apply(country: Path, limit: str | None) -> None:
    """Apply the baseline to each host. A second run changes nothing."""
    _report(run_playbooks(country, check=False, limit=limit))


def run_playbooks(country: Path, *, check: bool, limit: str | None = None) -> RunResult:
    """Run `site.yml` against the hosts of a country file, or with `check` only say what it would change.

    Raises:
        InputError: the country file or the connections cannot be used.
    """
    from hardware.connections import load_connections
    from hardware.provider.settings import Settings
    from playbooks.run import Login, run_site
    from ringfence.cli.country import open_country
    from ringfence.trust import load_trust

    open_country(country)  # a file that is wrong is said in its own words, not in Ansible's
    settings = Settings.from_environment()
    ssh = load_connections(settings.connections, lab=load_trust(settings.trust_root).lab).ssh
    if ssh is None:
        raise InputError(f"{settings.connections}: names no ssh login; hosts cannot be reached")
    login = Login(ssh.user, ssh.private_key_file, ssh.known_hosts_file)
    return run_site(country, login, say, check=check, limit=limit)


def _report(result: RunResult) -> None:
    verb = "would change" if result.check else "changed"
    for name, host in sorted(result.hosts.items()):
        state = f"FAILED: {host.problem}" if host.problem else f"{host.ok} checked, {host.changed} {verb}"
        click.echo(f"{name}: {state}")
        if result.check:
            for change in host.changes:
                click.echo(f"  {change}")
    click.echo(f"{len(result.hosts)} hosts, {result.changed} {verb}")
    if result.failed:
        raise OperationError(f"hosts: {len(result.failed)} failed: {', '.join(result.failed)}; mend them and run it again")
