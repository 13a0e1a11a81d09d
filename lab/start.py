"""Starts a lab: each part beside the others, as far as one does not need the other."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path

from engine.gobuild import build
from engine.progress import Say, step
from lab import connections, etcd, hsm, kubernetes, machine, object_store, packages, ports
from lab.cgroup import group, groups
from lab.folder import LabFolder
from lab.image import Image, ensure_made, image
from lab.network import Network
from lab.server import Server, ensure_running, forget
from lab.ssh_keys import SshKeys, ssh_keys
from lab.topology import Machine, Topology

TOOLS = (kubernetes.API_SERVER, kubernetes.CONTROLLER_MANAGER, object_store.MINIO)
PORTS = etcd.PORTS | kubernetes.PORTS | object_store.PORTS


class Start:
    """One start of one lab; `run` does it, `changes` names what had to be made or started."""

    def __init__(self, folder: LabFolder, topology: Topology, tokens: Sequence[str], say: Say) -> None:
        self.folder, self.topology, self.tokens, self.say = folder, topology, tuple(tokens), say
        self.network = Network(folder.id)
        self.changes: list[str] = []
        running = [name for name, processes in groups(folder.id).items() if processes.running()]
        self.ports = ports.reserve(folder, PORTS, running)

    def run(self) -> Path:
        """Bring up everything; return the path of `connections.yaml`. The first failure stops what has not begun."""
        with ThreadPoolExecutor(thread_name_prefix="lab") as pool, ThreadPoolExecutor(1, "go build") as compiler:
            # One after the other: they share most of what they compile.
            built = {tool.name: compiler.submit(build, tool, self.say) for tool in TOOLS}
            installed = pool.submit(self._packages)
            parts = [
                installed,
                pool.submit(self._kubernetes, built, installed),
                pool.submit(self._object_store, built),
                pool.submit(self._tokens, installed),
                pool.submit(self._machines, installed),
            ]
            done, _ = wait(parts, return_when=FIRST_EXCEPTION)
            if any(part.exception() for part in done):
                compiler.shutdown(wait=False, cancel_futures=True)
            for part in [*(part for part in parts if part in done), *parts]:
                part.result()
        user = image().recipe["user"]["name"]
        return connections.write(self.folder, self.topology.site, self.tokens, user, self.ports)

    def _note(self, name: str, changed: bool) -> None:
        if changed:
            self.changes.append(name)

    def _ensure_running(self, server: Server) -> None:
        self._note(server.name, ensure_running(server, self.folder, self.say))

    def _packages(self) -> None:
        self._note("Debian packages", packages.ensure_installed(self.folder, self.say))

    def _kubernetes(self, built: dict[str, Future[Path]], installed: Future[None]) -> None:
        installed.result()
        self._ensure_running(etcd.server(self.folder, self.ports))
        for tool, server in (
            (kubernetes.API_SERVER, kubernetes.api_server),
            (kubernetes.CONTROLLER_MANAGER, kubernetes.controller_manager),
        ):
            self._ensure_running(server(self.folder, self.ports, built[tool.name].result()))

    def _object_store(self, built: dict[str, Future[Path]]) -> None:
        executable = built[object_store.MINIO.name].result()
        self._ensure_running(object_store.server(self.folder, self.ports, executable))

    def _tokens(self, installed: Future[None]) -> None:
        installed.result()
        for label in self.tokens:
            self._note(label, hsm.ensure_token(self.folder, label, self.say))

    def _machines(self, installed: Future[None]) -> None:
        installed.result()
        self._note("root file system", ensure_made(self.say))
        self._remove_surplus()
        with step(f"wiring {len(self.topology.machines)} machines", self.say):
            self._note("wiring", self.network.connect(self.topology))
        keys, base = ssh_keys(self.folder), image()
        keys.make(self.topology.machines)
        machine.allow_many(self.say)
        with ThreadPoolExecutor(max_workers=len(self.topology.machines) or 1) as pool:
            list(pool.map(lambda one: self._machine(one, base, keys), self.topology.machines))

    def _machine(self, one: Machine, base: Image, keys: SshKeys) -> None:
        if not machine.has_disk(self.folder, one, base):
            group(self.folder.id, one.name).kill()
            machine.make_disk(self.folder, one, base, keys)
        self._ensure_running(machine.server(self.folder, one, base, self.network))

    def _remove_surplus(self) -> None:
        """Stop and remove what an earlier country declared and this one does not."""
        wanted = {one.name for one in self.topology.machines}
        for name, processes in groups(self.folder.id).items():
            if name not in wanted | set(PORTS.values()):
                self.say(f"removing {name}: the country no longer declares it")
                processes.kill()
                forget(self.folder, name)
        machine.remove_surplus(self.folder, wanted)
