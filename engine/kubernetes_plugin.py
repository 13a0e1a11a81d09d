"""Which Kubernetes provider plugin serves Pulumi: the official one where it is installed, otherwise ours."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from engine.launcher import EXECUTABLE_MODE, launcher_text
from engine.paths import cache_dir
from ringfence import durable

EXECUTABLE = "pulumi-resource-kubernetes"


@dataclass(frozen=True)
class KubernetesPlugin:
    """The selected plugin. The two write different state, so a stack stays with the one that it began with."""

    executable: Path
    official: bool


def find_kubernetes_plugin() -> KubernetesPlugin:
    """The official plugin from PATH or from Pulumi's plugin folder (the newest), or else a launcher of ours."""
    on_path = shutil.which(EXECUTABLE)
    if on_path and not Path(on_path).is_relative_to(cache_dir()):
        return KubernetesPlugin(Path(on_path), official=True)
    installed = _in_plugin_folder()
    if installed:
        return KubernetesPlugin(installed, official=True)
    return KubernetesPlugin(_own_launcher(), official=False)


def pulumi_home() -> Path:
    """Where an installed Pulumi keeps its programs and plugins."""
    return Path(os.environ.get("PULUMI_HOME") or "~/.pulumi").expanduser()


def _in_plugin_folder() -> Path | None:
    found = [path for path in pulumi_home().glob(f"plugins/resource-kubernetes-v*/{EXECUTABLE}") if os.access(path, os.X_OK)]
    return max(found, key=lambda path: _version(path.parent.name), default=None)


def _version(folder: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", folder))


def _own_launcher() -> Path:
    text = launcher_text("engine.kubernetes")
    executable = cache_dir() / "plugins" / hashlib.sha256(text.encode()).hexdigest()[:12] / EXECUTABLE
    if not executable.exists():
        executable.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.write(executable, text.encode(), EXECUTABLE_MODE)
    return executable
