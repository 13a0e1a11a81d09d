"""Locks in Pulumi's file backend that killed processes have left behind."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from engine.progress import Say
from ringfence.errors import OperationError

CLOCK_GRAIN = timedelta(seconds=2)
"""How exact the start of a process is known: the boot time comes in whole seconds."""


@dataclass(frozen=True)
class Lock:
    """One lock file, as Pulumi writes it."""

    path: Path
    pid: int
    host: str
    since: datetime

    @property
    def stack(self) -> str:
        """`project/stack`, which the folders name."""
        return "/".join(self.path.parent.parts[-2:])


def release_dead_lock(backend: Path, say: Say) -> None:
    """Remove each lock in the file backend `backend` whose process is dead, and no other.

    Dead is a process of this machine that is gone, is a zombie, or began after the lock was made (its pid was used
    again). Raises OperationError where a lock remains, naming who holds it and since when.
    """
    held = []
    for lock in _locks(backend):
        if _is_dead(lock):
            lock.path.unlink(missing_ok=True)
            say(f"released the lock of {lock.stack} that dead process {lock.pid} had held since {lock.since:%F %T %Z}")
        else:
            held.append(lock)
    if held:
        owners = "; ".join(f"{each.stack} by pid {each.pid} on {each.host} since {each.since:%F %T %Z}" for each in held)
        raise OperationError(f"{backend}: locked: {owners}; wait for it to end")


def _locks(backend: Path) -> list[Lock]:
    return [_read(path) for path in sorted((backend / ".pulumi" / "locks").rglob("*.json"))]


def _read(path: Path) -> Lock:
    try:
        content = json.loads(path.read_text())
        since = datetime.fromisoformat(content["timestamp"])
        return Lock(path, int(content["pid"]), str(content["hostname"]), since)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OperationError(f"{path}: not a lock of Pulumi's ({error}); look who wrote it, then delete it") from error


def _is_dead(lock: Lock) -> bool:
    if lock.host != socket.gethostname():
        return False
    started = _running_since(lock.pid)
    return started is None or started > lock.since + CLOCK_GRAIN


def _running_since(pid: int) -> datetime | None:
    """When the process began; None where there is none, or only what its parent has not yet buried."""
    try:
        # The name, in parentheses, may hold anything; the fields after it are counted from the last one.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, ticks_after_boot = fields[0], int(fields[19])
    if state in "ZX":
        return None
    boot = next(int(line.split()[1]) for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime"))
    return datetime.fromtimestamp(boot + ticks_after_boot / os.sysconf("SC_CLK_TCK")).astimezone()
