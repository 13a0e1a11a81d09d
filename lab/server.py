"""A process of the lab that serves: how it is started, when it is ready, and when it must be restarted."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from engine.progress import Say, step
from lab import durable
from lab.cgroup import ProcessGroup, group
from lab.folder import LabFolder
from ringfence.errors import OperationError

READY_SECONDS = 180.0
"""How long a start may take on a machine that is busy with something else."""
STUCK_SECONDS = 10.0
"""How long a running server may fail to answer before it is restarted."""
LINES_SHOWN = 8
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Server:
    """One server process (or one machine, whose process is its whole system)."""

    name: str
    address: str
    """Where it answers, for people."""
    command: tuple[str, ...]
    complaint: Callable[[], str]
    """Asks the server itself: empty when it is ready, else what is missing."""
    environment: Mapping[str, str] = field(default_factory=dict)
    identity: str = ""
    """Anything else that makes it another server when it changes."""
    reads: tuple[Path, ...] = ()
    """Files that it reads at its start only: it is restarted when one has changed."""

    def fingerprint(self) -> str:
        """Digest of everything that decides how it runs."""
        content = hashlib.sha256(repr((self.command, sorted(self.environment.items()), self.identity)).encode())
        for path in self.reads:
            content.update(path.read_bytes() + b"\0")
        return content.hexdigest()


@dataclass(frozen=True)
class Mark:
    """What is remembered of a server when it is started."""

    name: str
    address: str
    fingerprint: str


def marks(folder: LabFolder) -> list[Mark]:
    """Every server that was started in this lab and not removed since, by name."""
    return [Mark(**json.loads(path.read_text())) for path in sorted(folder.servers.glob("*.json"))]


def forget(folder: LabFolder, name: str) -> None:
    """Forget a server that was removed."""
    (folder.servers / f"{name}.json").unlink(missing_ok=True)


def ensure_running(server: Server, folder: LabFolder, say: Say) -> bool:
    """Start `server` unless it runs as it should; wait until it is ready. Says whether it had to be started."""
    processes = group(folder.id, server.name)
    wanted = Mark(server.name, server.address, server.fingerprint())
    if wanted in marks(folder) and processes.running() and not _wait(server, processes, STUCK_SECONDS):
        return False
    with step(f"starting {server.name}", say):
        processes.kill()
        durable.replace(folder.servers / f"{server.name}.json", json.dumps(asdict(wanted)))
        log = folder.logs / f"{server.name}.log"
        processes.start(server.command, server.environment, log)
        if complaint := _wait(server, processes, READY_SECONDS):
            raise OperationError(f"{server.name} does not get ready: {complaint} (log: {log}){_last_lines(log)}")
    return True


def _wait(server: Server, processes: ProcessGroup, seconds: float) -> str:
    """Wait until the server is ready; empty when it is, else what it still lacked."""
    deadline = time.monotonic() + seconds
    while complaint := server.complaint():
        if not processes.running():
            return f"it ended by itself ({complaint})"
        if time.monotonic() > deadline:
            return complaint
        time.sleep(_POLL_SECONDS)
    return ""


def _last_lines(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-LINES_SHOWN:]
    return "".join(f"\n  {line[:300]}" for line in lines)
