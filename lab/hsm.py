"""The national HSM's stand-in: a SoftHSM2 token, with its PINs in files."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from engine.progress import Say, step
from lab import durable
from lab.folder import LabFolder
from ringfence.errors import OperationError

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")


@dataclass(frozen=True)
class Token:
    """One token: how a client reaches it."""

    label: str
    configuration: Path
    """What SOFTHSM2_CONF is to name."""
    pin: Path
    so_pin: Path


def token(folder: LabFolder, label: str) -> Token:
    """Where the token called `label` is, whether it is made yet or not."""
    home = folder.keys / "hsm"
    return Token(label, home / f"{label}.conf", home / f"{label}.pin", home / f"{label}.so-pin")


def ensure_token(folder: LabFolder, label: str, say: Say) -> bool:
    """Make the token called `label`, unless it is there. Says whether it was made."""
    wanted = token(folder, label)
    wanted.pin.parent.mkdir(mode=0o700, exist_ok=True)
    for pin in (wanted.pin, wanted.so_pin):
        durable.once(pin, lambda: f"{secrets.randbelow(10**12):012}")
    finished = folder.data / "hsm" / label
    durable.replace(wanted.configuration, _configuration(finished))
    if finished.exists():
        return False
    with step(f"making the token {label} in SoftHSM", say):
        unfinished = finished.with_name(f".{label}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        trial = wanted.configuration.with_suffix(".unfinished.conf")
        durable.replace(trial, _configuration(unfinished))
        _initialise(wanted, trial)
        trial.unlink()
        unfinished.rename(finished)
    return True


def _configuration(store: Path) -> str:
    return (
        f"directories.tokendir = {store}\n"
        "objectstore.backend = file\n"
        "objectstore.umask = 0077\n"
        "log.level = ERROR\n"
        "slots.removable = false\n"
    )


def _initialise(wanted: Token, configuration: Path) -> None:
    """In a process of its own: SoftHSM reads its configuration once in a process's life."""
    command = [sys.executable, "-m", "lab.hsm_initialise", str(MODULE), wanted.label, str(wanted.so_pin), str(wanted.pin)]
    environment = {**os.environ, "SOFTHSM2_CONF": str(configuration)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OperationError(f"SoftHSM token {wanted.label}: {done.stderr.strip().splitlines()[-1:]}")
