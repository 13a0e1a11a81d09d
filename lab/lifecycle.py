"""The lab as its users see it: up, down, status, and the environment in which the other rooms find it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.locks import exclusive
from engine.progress import Say
from lab import ask, cgroup, kubernetes, server, topology
from lab.folder import LabFolder, current
from lab.network import Network
from lab.start import Start
from ringfence import trust
from ringfence.errors import InputError, OperationError
from ringfence.estate import Estate

_NSPAWN_LEFTOVERS = Path("/run/systemd/nspawn/propagate")


@dataclass(frozen=True)
class Lab:
    """A running lab."""

    root: Path
    connections: Path
    kubeconfig: Path
    topology: topology.Topology
    changes: tuple[str, ...]
    """Names of what `up` had to make or start; empty when all ran already."""


@dataclass(frozen=True)
class ServiceStatus:
    """One server or machine. `pid`, `seconds` (running) and `memory_bytes` are 0 when it is stopped."""

    name: str
    address: str
    state: Literal["running", "not answering", "stopped"]
    pid: int
    seconds: float
    memory_bytes: int
    log: Path


def up(estate: Estate, say: Say) -> Lab:
    """Bring up the lab for an estate. Repeating it changes nothing; after a crash it mends what is broken.

    Raises InputError for an estate that does not fit, OperationError when a part does not come up.
    """
    wanted = topology.from_estate(estate)
    tokens = tuple(hsm.name for hsm in estate.hsms if hsm.kind == "softhsm")
    with _changing(say) as folder:
        folder.claim()
        trust.create_lab_trust(folder.trust, estate.country.code)
        begun = Start(folder, wanted, tokens, say)
        written = begun.run()
        say(f"lab: {len(server.marks(folder))} servers and machines run, {len(begun.changes)} changed")
    return Lab(folder.root, written, kubernetes.kubeconfig_path(folder), wanted, tuple(begun.changes))


def status() -> list[ServiceStatus]:
    """Every server and machine that the lab has started, running or not."""
    folder = current()
    return [_status(folder, mark) for mark in server.marks(folder)]


def down(say: Say) -> None:
    """Remove the lab: processes, wiring, data, keys and Pulumi state. The cache of built things stays."""
    with _changing(say) as folder:
        # What the kernel holds goes even where somebody has deleted the folder.
        running = [name for name, processes in cgroup.groups(folder.id).items() if processes.running()]
        cgroup.remove_all(folder.id)
        network = Network(folder.id)
        network.disconnect()
        for leftover in _NSPAWN_LEFTOVERS.glob(f"{network.bridge}-*"):
            shutil.rmtree(leftover)
        if not folder.mark.exists():
            say(f"lab: none in {folder.root}")
            return
        _delete(folder)
        say(f"lab: {folder.root} is gone, {len(running)} servers and machines stopped")


def environment() -> dict[str, str]:
    """The variables with which every room, and a shell, finds the lab."""
    folder = current()
    return {
        "RINGFENCE_LAB": str(folder.root),
        "RINGFENCE_CONNECTIONS": str(folder.connections),
        "RINGFENCE_STATE": str(folder.state),
        "RINGFENCE_TRUST_ROOT": str(folder.trust / trust.ROOT_FILE),
        "KUBECONFIG": str(kubernetes.kubeconfig_path(folder)),
    }


@contextmanager
def _changing(say: Say) -> Iterator[LabFolder]:
    """Hold the lab's lock; it lies outside the folder, which `down` deletes."""
    if os.geteuid() != 0:
        raise InputError("the lab needs root: it makes network namespaces and mounts")
    folder = current()
    folder.lock.parent.mkdir(exist_ok=True)
    with exclusive(folder.lock, "starting or stopping this lab", say):
        yield current()


def _delete(folder: LabFolder) -> None:
    """Delete the folder; the mark goes last, so that a `down` that is killed can be repeated."""
    try:
        for entry in folder.root.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry != folder.mark:
                entry.unlink()
        folder.mark.unlink()
        folder.root.rmdir()
    except OSError as error:
        reason = f"{error.filename}: cannot be deleted ({error.strerror})"
        raise OperationError(f"{reason}; end what still uses the lab, then repeat `ringfence lab down`") from error


def _status(folder: LabFolder, mark: server.Mark) -> ServiceStatus:
    pids = cgroup.group(folder.id, mark.name).processes()
    state: Literal["running", "not answering", "stopped"] = "stopped"
    if pids:
        state = "running" if ask.answers(mark.address) else "not answering"
    return ServiceStatus(
        name=mark.name,
        address=mark.address,
        state=state,
        pid=pids[0] if pids else 0,
        seconds=cgroup.seconds_running(pids[0]) if pids else 0.0,
        memory_bytes=cgroup.memory_bytes(pids),
        log=folder.logs / f"{mark.name}.log",
    )
