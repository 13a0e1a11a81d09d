"""A country of the tests' own, on a lab of its own, driven as a person does it: by the commands `ringfence` and `pulumi`."""

from __future__ import annotations

import copy
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

import lab
from engine.progress import to_stderr
from engine.pulumi_cli import environment, find_pulumi, run
from hardware.connections import Connections, load_connections
from ringfence.cli.country import open_country
from ringfence.estate import Estate
from stacks.deployed import Deployed, deployed
from stacks.up import ROOT
from tests.conftest import COUNTRY
from tests.end_to_end.command import Command

RINGFENCE = str(Path(sys.executable).with_name("ringfence"))
Declaration = dict[str, Any]


class Country:
    """The lab's country under another name and other prefixes, so that it stands beside the usual lab."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"proof-{uuid.uuid4().hex[:6]}"
        self.file = folder / f"{self.name}.yaml"
        self.root = folder / "lab"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self._declaration = yaml.safe_load(COUNTRY.read_text())
        number = random.randrange(100, 250)  # Two runs of these tests at once shall not meet.
        self._declaration["sites"]["north"]["prefixes"] = {"ipv4": f"10.{number}.0.0/20", "ipv6": f"fd77:{number}:1::/48"}
        self.declare()

    # --- the declaration ---------------------------------------------------------------------------------------------

    def declare(self, change: Callable[[Declaration], object] = lambda declaration: None) -> None:
        """Write the country file, as it was at first but for `change`."""
        declaration = copy.deepcopy(self._declaration)
        change(declaration)
        self.file.write_text(yaml.safe_dump(declaration, sort_keys=False))

    @property
    def estate(self) -> Estate:
        return open_country(self.file).estate

    @property
    def stacks(self) -> tuple[str, str]:
        """Names of its stacks in the order in which they are brought up."""
        return f"{self.name}.national", f"{self.name}.north"

    # --- commands ----------------------------------------------------------------------------------------------------

    @property
    def variables(self) -> dict[str, str]:
        """What leads a command to this country and its lab."""
        return {
            "RINGFENCE_LAB": str(self.root),
            "RINGFENCE_STATE": str(self.root / "state"),
            "RINGFENCE_TRUST_ROOT": str(self.root / "trust" / "trust.yaml"),
            "RINGFENCE_CONNECTIONS": str(self.root / "connections.yaml"),
            "RINGFENCE_COUNTRY": str(self.file),
            "TMPDIR": str(self.temporary),
        }

    def start(self, *arguments: str) -> Command:
        """Start `ringfence ARGUMENTS` in a process group that can be killed or frozen as a whole."""
        return Command([RINGFENCE, *arguments], {**os.environ, **self.variables}, self.folder)

    def ringfence(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.start(*arguments).result()

    def start_up(self) -> Command:
        """Start `pulumi up` of both stacks."""
        command = [sys.executable, "-m", "tests.end_to_end.bring_up", str(self.file)]
        return Command(command, {**os.environ, **self.variables}, self.folder)

    def up(self) -> int:
        """Bring up both stacks, and return how many resources that changed."""
        done = self.start_up().result()
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    def pulumi(
        self, *arguments: str, cwd: Path = ROOT, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `pulumi ARGUMENTS`, which name a stack, whatever comes of it."""
        return run([*arguments, "--color", "never"], env={**self.env(), **(variables or {})}, cwd=cwd, timeout=240)

    def env(self) -> dict[str, str]:
        """The environment of Pulumi for this country."""
        with self._as_ours():
            return environment(find_pulumi(to_stderr))

    def record(self, stack: str) -> Deployed:
        """What Pulumi's state says of a stack."""
        return deployed(stack, self.env(), ROOT)

    def destroy(self) -> None:
        """Destroy what there is of both stacks, each with its permit."""
        for stack in reversed(self.stacks):
            if self.state_file(stack).exists() and self.record(stack).states:
                permitted = self.ringfence("permit", "--destroy", stack, "--data-loss", "--country", str(self.file))
                assert permitted.returncode == 0, permitted.stderr
                gone = self.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack)
                assert gone.returncode == 0, gone.stdout + gone.stderr

    # --- the lab -----------------------------------------------------------------------------------------------------

    @property
    def connections(self) -> Connections:
        return load_connections(self.root / "connections.yaml", lab=True)

    @property
    def backend(self) -> Path:
        """The folder of Pulumi's state."""
        return self.root / "pulumi"

    def state_file(self, stack: str) -> Path:
        return self.backend / ".pulumi" / "stacks" / "ringfence" / f"{stack}.json"

    def start_lab(self) -> None:
        with self._as_ours():
            lab.up(self.estate, to_stderr)

    def remove(self) -> None:
        """Stop the lab and delete all that is on disk, also what Pulumi keeps beside the project."""
        with self._as_ours():
            lab.down(to_stderr)
        for settings in ROOT.glob(f"Pulumi.{self.name}.*.yaml"):
            settings.unlink()

    @contextmanager
    def _as_ours(self) -> Iterator[None]:
        """Lead what runs in this process to this country's lab."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.variables.items():
                patch.setenv(name, value)
            yield
