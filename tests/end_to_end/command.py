"""A command with all that it starts in one control group, which the kernel kills or freezes as a whole."""

from __future__ import annotations

import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab.cgroup import ProcessGroup
from stacks.up import ROOT

_JOIN = 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"'
GLANCE_SECONDS = 0.002


class Command:
    """A running command. Its children can leave its process group and its session, but not its control group."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.command = command
        name = f"proof-{uuid.uuid4().hex[:8]}"
        self.group = ProcessGroup(_unified_root() / name)
        self.group.path.mkdir()
        self._output, self._errors = folder / f"{name}.out", folder / f"{name}.err"
        with self._output.open("wb") as output, self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", _JOIN, "sh", str(self.group.path), *command],
                cwd=ROOT, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
            )  # fmt: skip

    @property
    def said(self) -> str:
        """What it has printed to stderr so far."""
        return self._errors.read_text()

    def until(self, happened: Callable[[], object]) -> None:
        """Return at the very moment at which something has happened outside; fail where the command ends before that."""
        while not happened():
            assert self.process.poll() is None, f"it ended before that:\n{self._output.read_text()}{self.said}"
            time.sleep(GLANCE_SECONDS)

    def kill(self) -> None:
        """Kill every process of it at once."""
        self.group.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Stop every process of it where it is."""
        (self.group.path / "cgroup.freeze").write_text("1")
        while "frozen 1" not in (self.group.path / "cgroup.events").read_text():
            time.sleep(GLANCE_SECONDS)

    def thaw(self) -> None:
        (self.group.path / "cgroup.freeze").write_text("0")

    def result(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end; what it has left running ends too."""
        code = self.process.wait()
        self.group.kill()
        return subprocess.CompletedProcess(self.command, code, self._output.read_text(), self.said)


def _unified_root() -> Path:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, source = line.partition(" - ")
        if source.startswith("cgroup2 "):
            return Path(fields.split()[4])
    raise AssertionError("no cgroup2 file system is mounted")
