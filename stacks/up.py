"""Bringing up a whole country: `pulumi up` of its national stack and then of each site's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.backend_lock import release_dead_lock
from engine.kubernetes.origin import written_by
from engine.kubernetes_plugin import find_kubernetes_plugin
from engine.progress import Say, step
from engine.pulumi_cli import backend_folder, environment, find_pulumi, run
from ringfence.durable import write
from ringfence.errors import InputError, OperationError
from stacks import admittance
from stacks.deployed import Deployed, deployed
from stacks.events import Events
from stacks.resources import parts

_SALT = "encryptionsalt:"
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class StackUp:
    """What became of one stack."""

    stack: str
    resources: int
    changed: int
    seconds: float


@dataclass(frozen=True)
class CountryUp:
    """What became of the country's stacks, in the order in which they were brought up."""

    stacks: tuple[StackUp, ...]

    @property
    def changed(self) -> int:
        """How many resources were made, changed or removed: 0 when all was as declared."""
        return sum(each.changed for each in self.stacks)


def bring_up(country_file: Path, say: Say) -> CountryUp:
    """Run `pulumi up` for every part of the country; each also mends what was changed by hand.

    Repeating it changes nothing; after a kill at any point it goes on from there.

    Raises:
        InputError: the country file, or a state that another Kubernetes plugin wrote.
        PermitError: mandatory verdicts keep the gate shut; one line each, and nothing was touched.
        OperationError: what a stack's update failed on, one line each.
    """
    country_file = country_file.resolve()
    country, name = admittance.read(country_file), country_file.stem
    admittance.demand(admittance.verdicts(country), name)
    env = environment(find_pulumi(say))
    env["RINGFENCE_COUNTRY"] = str(country_file)
    release_dead_lock(backend_folder(), say)
    return CountryUp(tuple(_up(f"{name}.{part}", env, say) for part in parts(country.estate)))


def _up(stack: str, env: Mapping[str, str], say: Say) -> StackUp:
    started = time.monotonic()
    with step(f"pulumi up: {stack}", say):
        _select(stack, env)
        there = deployed(stack, env, ROOT)
        if there.salt:
            settle_salt(_settings(stack), there.salt)
        _demand_same_kubernetes_plugin(stack, there)
        if there.interrupted:
            say(f"{stack}: an earlier run was cut off in the middle: looking at the real things first")
            _pulumi(stack, ["refresh", "--yes", "--skip-preview", "--clear-pending-creates"], env, say)
        events = _pulumi(stack, ["up", "--yes", "--skip-preview", "--refresh"], env, say)
    return StackUp(stack, events.resources, events.changed, time.monotonic() - started)


def _pulumi(stack: str, arguments: list[str], env: Mapping[str, str], say: Say) -> Events:
    events = Events(stack, say)
    finished = run([*arguments, "--json", "--stack", stack], env=env, cwd=ROOT, on_line=events.take)
    if finished.returncode != 0 or events.errors:
        reasons = "\n".join(events.errors) or finished.stderr.strip() or f"exit code {finished.returncode}"
        raise OperationError(f"pulumi {arguments[0]} of {stack} failed:\n{reasons}")
    return events


def _select(stack: str, env: Mapping[str, str]) -> None:
    """Make the stack the current one, and make it first where there is none."""
    if run(["stack", "select", stack], env=env, cwd=ROOT).returncode == 0:
        return
    settle_salt(_settings(stack), "")
    made = run(["stack", "select", "--create", stack], env=env, cwd=ROOT)
    if made.returncode != 0:
        raise OperationError(f"stack {stack} cannot be made: {made.stderr.strip()}")


def _settings(stack: str) -> Path:
    return ROOT / f"Pulumi.{stack}.yaml"


def settle_salt(settings: Path, salt: str) -> None:
    """Give a stack's settings the salt of its state; an empty one drops what a stack of this name has left there.

    The settings lie beside the project and the state elsewhere: after work with another state, or a kill while Pulumi wrote
    them, the two no longer fit, and Pulumi takes the right passphrase for a wrong one.
    """
    lines = settings.read_text().splitlines() if settings.exists() else []
    kept = [line for line in lines if not line.startswith(_SALT)]
    wanted = [*kept, f"{_SALT} {salt}"] if salt else kept
    if sorted(wanted) != sorted(lines):
        write(settings, "".join(f"{line}\n" for line in wanted).encode(), 0o644)


def _demand_same_kubernetes_plugin(stack: str, there: Deployed) -> None:
    """Refuse a state that the other plugin wrote: the two do not read each other's."""
    plugin = find_kubernetes_plugin()
    ours = "official" if plugin.official else "ringfence"
    for state in there.states:
        if state["type"].startswith("kubernetes:") and written_by(state) != ours:
            raise InputError(
                f"{stack}: {Path(plugin.executable)} is the {ours} Kubernetes plugin, and {state['urn']} was written by the "
                f"{written_by(state)} one; nothing was touched: use that one, or destroy the stack with it first"
            )
