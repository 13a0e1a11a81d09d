"""Runs the playbooks against a country's hosts through ansible-runner, with progress by host while it works."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ansible_runner

from ringfence.errors import InputError, OperationError

Say = Callable[[str], None]

FORKS = 16
TIMEOUT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Login:
    """How hosts are reached: an account, the file of its private key, and the file of pinned host keys."""

    user: str
    private_key_file: Path
    known_hosts_file: Path


@dataclass(slots=True)
class HostResult:
    """What a run did to one host. ``problem`` is the first failure, in one line; empty when there was none."""

    ok: int = 0
    changed: int = 0
    problem: str = ""
    changes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run by host, and whether it only looked."""

    hosts: Mapping[str, HostResult]
    check: bool

    @property
    def changed(self) -> int:
        """The number of changes on all hosts."""
        return sum(host.changed for host in self.hosts.values())

    @property
    def failed(self) -> tuple[str, ...]:
        """The hosts on which something failed."""
        return tuple(sorted(name for name, host in self.hosts.items() if host.problem))


def run_site(country: Path, login: Login, say: Say, *, check: bool = False, limit: str | None = None) -> RunResult:
    """Apply ``site.yml`` to the hosts of a country file; with ``check`` only say what would change.

    Raises:
        InputError: no host, or Ansible cannot read the country file.
        OperationError: Ansible itself could not run.
    """
    if shutil.which("ssh") is None:
        raise InputError("hosts: there is no ssh client; install openssh-client")
    progress = _Progress(say)
    with ExitStack() as stack:
        playbooks = stack.enter_context(_folder())
        # Artifacts hold every task's result; they live for the run only, because nobody prunes what nobody reads.
        private = Path(stack.enter_context(TemporaryDirectory(prefix="ringfence-ansible-")))
        runner = ansible_runner.run(
            private_data_dir=str(private), playbook=str(playbooks / "site.yml"), inventory=str(country.resolve()),
            envvars=_environment(playbooks, login, private), limit=limit, forks=FORKS, quiet=True,
            cmdline="--check --diff" if check else "--diff", timeout=TIMEOUT_SECONDS, event_handler=progress.event,
            extravars={"ansible_user": login.user, "ansible_ssh_private_key_file": str(login.private_key_file)},
        )  # fmt: skip
    if not progress.hosts:
        raise OperationError(f"hosts: Ansible reached no host: {progress.warning or runner.status}")
    if runner.status not in ("successful", "failed"):
        raise OperationError(f"hosts: Ansible stopped before the end ({runner.status}); run it again")
    return RunResult(progress.hosts, check)


def _folder() -> AbstractContextManager[Path]:
    return as_file(files("playbooks"))


def _environment(playbooks: Path, login: Login, private: Path) -> dict[str, str]:
    options = f"-o UserKnownHostsFile={login.known_hosts_file} -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes"
    multiplexing = "-o ControlMaster=auto -o ControlPersist=60s -o ServerAliveInterval=15"
    return {
        "ANSIBLE_INVENTORY_PLUGINS": str(playbooks / "inventory_plugins"),
        "ANSIBLE_INVENTORY_ENABLED": "ringfence_country",
        "ANSIBLE_ROLES_PATH": str(playbooks / "roles"),
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_SSH_ARGS": f"{options} {multiplexing}",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(private / "cp"),
        "ANSIBLE_HOME": str(private / "home"),
        "ANSIBLE_NOCOLOR": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
    }


class _Progress:
    """Turns ansible-runner's events into lines and counts."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.hosts: dict[str, HostResult] = {}
        self.warning = ""
        self.task: str | None = None

    def event(self, event: Mapping[str, Any]) -> bool:
        """Take one event; the answer tells ansible-runner not to write it to disk."""
        data, kind = event.get("event_data", {}), event.get("event", "")
        host = data.get("host")
        if kind == "playbook_on_task_start" and data.get("task") != self.task:
            self.task = data.get("task")
            self.say(f"hosts: {self.task}")
        elif kind in ("warning", "error", "verbose") and event.get("stdout", "").strip():
            self.warning = self.warning or _one_line(event["stdout"])
        elif host and kind == "runner_on_ok":
            self._ok(self.hosts.setdefault(host, HostResult()), host, data)
        elif host and kind in ("runner_on_failed", "runner_on_unreachable") and not data.get("ignore_errors"):
            found = self.hosts.setdefault(host, HostResult())
            message = _one_line(str(data.get("res", {}).get("msg", "failed")))
            found.problem = found.problem or f"{data.get('task')}: {message}"
            self.say(f"hosts:   {host}: FAILED: {message}")
        return False

    def _ok(self, found: HostResult, host: str, data: Mapping[str, Any]) -> None:
        found.ok += 1
        if data.get("res", {}).get("changed"):
            found.changed += 1
            found.changes.append(str(data.get("task")))
            self.say(f"hosts:   {host}: changed")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
