"""A named group of processes, kept by the kernel.

Who belongs to the lab is asked of the kernel's control groups, not of process ids written to a file: an id can be given to
another process, a file can be lost when its writer is killed, but a process and all of its children stay in their group.
"""

from __future__ import annotations

import errno
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ringfence.errors import OperationError

KILL_SECONDS = 20.0

# The shell joins the group first, and its children are born in it: there is no moment at which a server runs outside.
# `setsid --fork` lets init adopt it: it leaves no zombies, and does not go when the terminal closes.
_JOIN_AND_START = 'echo $$ > "$1/cgroup.procs" && shift && exec setsid --fork "$@"'


@dataclass(frozen=True)
class ProcessGroup:
    """All processes of one server or machine: a control group, which exists only while it is needed."""

    path: Path

    def running(self) -> bool:
        """Whether anything runs in the group or below it."""
        # One flag of the kernel's: a list of processes can miss one that moves into a group below while it is made.
        with _may_have_gone():
            return "populated 1" in (self.path / "cgroup.events").read_text().splitlines()
        return False

    def processes(self) -> list[int]:
        """The process ids in the group and below it, oldest first."""
        found: list[int] = []
        for folder in _tree(self.path):
            with _may_have_gone():
                found += [int(line) for line in (folder / "cgroup.procs").read_text().split()]
        return sorted(set(found), key=lambda pid: (started_at(pid), pid))

    def start(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Start `command` in the group, detached, with exactly `environment`; its output is appended to `log`."""
        self.path.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            subprocess.run(
                ["/bin/sh", "-c", _JOIN_AND_START, "sh", str(self.path), *command],
                check=True,
                cwd="/",
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def kill(self) -> None:
        """Kill every process of the group at once and remove the group; nothing happens when there is none."""
        with _may_have_gone():
            (self.path / "cgroup.kill").write_text("1")
        deadline = time.monotonic() + KILL_SECONDS
        while not self._removed():
            if time.monotonic() > deadline:
                left = ", ".join(str(pid) for pid in self.processes())
                raise OperationError(f"{self.path}: processes {left or '(none listed)'} do not end after SIGKILL")
            time.sleep(0.02)

    def _removed(self) -> bool:
        """Remove the group here and in the hierarchies that systemd-nspawn mirrors it into."""
        below_root = self.path.relative_to(_unified_root())
        for root in (_unified_root(), Path("/sys/fs/cgroup/systemd")):
            for folder in reversed(_tree(root / below_root)):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    continue
                except OSError:
                    return False  # Still busy: the kernel buries the processes after the write has returned.
        return True


def group(lab: str, name: str) -> ProcessGroup:
    """The group of the server or machine `name` in the lab with the id `lab`."""
    return ProcessGroup(_lab_path(lab) / name)


def groups(lab: str) -> dict[str, ProcessGroup]:
    """Every group that the lab has, by name."""
    return {folder.name: ProcessGroup(folder) for folder in sorted(_below(_lab_path(lab)))}


def remove_all(lab: str) -> None:
    """Kill whatever the lab runs, and forget its groups."""
    ProcessGroup(_lab_path(lab)).kill()


def started_at(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 when it is gone."""
    try:
        # The command's name (field 2) may hold blanks and parentheses: count the fields from its end.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def seconds_running(pid: int) -> float:
    """For how long a process has run."""
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - started_at(pid) / os.sysconf("SC_CLK_TCK"))


def memory_bytes(pids: Sequence[int]) -> int:
    """The memory that processes hold together (proportional set size: shared pages are counted once)."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def _lab_path(lab: str) -> Path:
    return _unified_root() / f"ringfence-{lab}"


def _unified_root() -> Path:
    """Where control groups version 2 are mounted: alone, or beside version 1."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, source = line.partition(" - ")
        if source.startswith("cgroup2 "):
            return Path(fields.split()[4])
    raise OperationError("/sys/fs/cgroup: no cgroup2 file system is mounted; the lab needs one to keep its processes apart")


def _tree(top: Path) -> list[Path]:
    """A folder and all below it, parents first."""
    found = [top] if top.is_dir() else []
    for folder in found:
        found += _below(folder)
    return found


def _below(folder: Path) -> list[Path]:
    found: list[Path] = []
    with _may_have_gone():
        found += [entry for entry in folder.iterdir() if entry.is_dir()]
    return found


@contextmanager
def _may_have_gone() -> Iterator[None]:
    """Groups come and go while we look at them: the kernel then says that there is no such file, or no such device."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENODEV):
            raise
