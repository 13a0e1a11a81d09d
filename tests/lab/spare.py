"""A second lab beside the usual one, to be killed and broken."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.cgroup import ProcessGroup, group
from lab.folder import LabFolder
from lab.network import Network


@dataclass(frozen=True)
class SpareLab:
    folder: LabFolder
    namespace: str

    @classmethod
    @contextmanager
    def made(cls, root: Path) -> Iterator[SpareLab]:
        spare = cls(LabFolder(root), f"ringfence-test-{os.getpid()}")
        subprocess.run(["ip", "netns", "add", spare.namespace], check=True)
        subprocess.run(["ip", "-netns", spare.namespace, "link", "set", "lo", "up"], check=True)
        try:
            yield spare
        finally:
            spare.down()
            subprocess.run(["ip", "netns", "delete", spare.namespace], check=True)

    @property
    def inside(self) -> tuple[str, ...]:
        """What runs a command in the spare lab's network."""
        return ("nsenter", f"--net=/run/netns/{self.namespace}")

    def up(self) -> list[str]:
        """Start it; the names of what had to be started."""
        done = subprocess.run(self._command("up"), env=self._environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        changes: list[str] = json.loads(done.stdout)
        return changes

    def down(self) -> None:
        done = subprocess.run(self._command("down"), env=self._environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def up_killed_at(self, line: str) -> None:
        """Start it, and kill the whole process group of the start as soon as it says `line`."""
        command, environment = self._command("up"), self._environment()
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, process_group=0) as process:
            assert process.stderr is not None
            said = []
            for text in process.stderr:
                said.append(text)
                if text.startswith(line):
                    os.killpg(process.pid, signal.SIGKILL)
                    break
        assert process.returncode == -signal.SIGKILL, "".join(said)

    def processes(self, name: str) -> ProcessGroup:
        """The processes of one server or machine."""
        return group(self.folder.id, name)

    def network(self) -> Network:
        return Network(self.folder.id)

    def _command(self, action: str) -> list[str]:
        return [*self.inside, sys.executable, "-m", "tests.lab.command", action]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "RINGFENCE_LAB": str(self.folder.root)}
