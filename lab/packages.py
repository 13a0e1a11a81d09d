"""Debian packages of the machine that runs the lab."""

from __future__ import annotations

import os
import subprocess
from importlib import resources

import yaml

from engine.progress import Say, step
from lab.folder import LabFolder
from ringfence.errors import InputError, OperationError

_LOCK_SECONDS = 600


def ensure_installed(folder: LabFolder, say: Say) -> bool:
    """Install what `packages.yaml` lists and the machine lacks. Says whether anything was missing."""
    wanted = yaml.safe_load(resources.files("lab").joinpath("packages.yaml").read_text())
    missing = sorted(set(wanted) - _installed(wanted))
    if not missing:
        return False
    with step(f"installing Debian packages: {' '.join(missing)}", say):
        _apt_get(folder, "update")
        _apt_get(folder, "install", "--yes", "--no-install-recommends", *missing)
    return True


def _installed(names: list[str]) -> set[str]:
    command = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *names]
    try:
        # It fails when it does not know one of the names; those that it knows are still listed.
        listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError as error:
        raise InputError("dpkg-query is not on PATH: the lab runs on Debian 12 or later") from error
    return {line.split()[0] for line in listed.splitlines() if line.endswith(" installed")}


def _apt_get(folder: LabFolder, *arguments: str) -> None:
    log = folder.logs / "apt-get.log"
    with log.open("ab") as output:
        finished = subprocess.run(
            ["apt-get", "-q", "-o", f"DPkg::Lock::Timeout={_LOCK_SECONDS}", *arguments],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if finished.returncode != 0:
        last = (log.read_text(errors="replace").splitlines() or [""])[-1]
        raise OperationError(f"apt-get {arguments[0]} failed: {last} (log: {log})")
