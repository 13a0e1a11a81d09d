"""TCP ports of the lab's servers: free ones, kept between restarts so that what refers to them stays true."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab import durable
from lab.folder import LabFolder


def reserve(folder: LabFolder, servers: Mapping[str, str], running: Iterable[str]) -> Mapping[str, int]:
    """A port on 127.0.0.1 for each name in `servers`, which says whose it is.

    The remembered one stays where its own server is among those `running` or nobody has it; else it is a new one.
    """
    ports = dict(remembered(folder))
    ours = set(running)
    for name, server in servers.items():
        if name not in ports or not (server in ours or _is_free(ports[name])):
            ports[name] = _free_port(avoid=ports.values())
    durable.replace(_memory(folder), json.dumps(ports, indent=2, sort_keys=True) + "\n")
    return ports


def remembered(folder: LabFolder) -> Mapping[str, int]:
    """The ports of the last start; empty before the first."""
    memory = _memory(folder)
    ports: dict[str, int] = json.loads(memory.read_text()) if memory.exists() else {}
    return ports


def _memory(folder: LabFolder) -> Path:
    return folder.root / "ports.json"


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port(avoid: Iterable[int]) -> int:
    taken = set(avoid)
    while True:
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            port: int = trial.getsockname()[1]
        if port not in taken:
            return port
