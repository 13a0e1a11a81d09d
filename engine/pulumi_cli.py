"""Finding Pulumi, the environment that it runs in, and running it."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine.installation import LANGUAGE_HOST, install
from engine.kubernetes_plugin import find_kubernetes_plugin, pulumi_home
from engine.paths import cache_dir, lab_dir
from engine.progress import Say
from ringfence import durable
from ringfence.errors import OperationError

SECONDS_TO_CANCEL = 60
# A file backend replaces each file in one step, but not the `.attrs` that it keeps beside it: Pulumi killed while it writes
# one leaves it empty, and never reads that stack again ("failed to load checkpoint: EOF").
_NO_SIDECARS = "?metadata=skip"


@dataclass(frozen=True)
class Pulumi:
    """A Pulumi CLI with the language host that belongs to it."""

    executable: Path
    installed: bool
    """True where the machine brings it, false where the engine built it."""


def find_pulumi(say: Say) -> Pulumi:
    """The `pulumi` that is installed (on PATH, or in PULUMI_HOME/bin), used as it is; otherwise the engine's own."""
    for candidate in (shutil.which("pulumi"), shutil.which(pulumi_home() / "bin" / "pulumi")):
        if candidate and not Path(candidate).is_relative_to(cache_dir()):
            return Pulumi(_with_language_host(Path(candidate)), installed=True)
    return Pulumi(install(say), installed=False)


def environment(pulumi: Pulumi, *, backend: str | None = None, passphrase_file: Path | None = None) -> dict[str, str]:
    """The environment in which `pulumi` and everything that it starts run.

    `backend` is a URL (`s3://…`); without it state lies in the lab's folder. `passphrase_file` protects the stack's
    secrets; without it the lab's own is used, and made on first use.
    """
    env = {name: value for name, value in os.environ.items() if name not in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN")}
    env |= {
        "PATH": _path_with(find_kubernetes_plugin().executable.parent, pulumi.executable.parent),
        "PULUMI_BACKEND_URL": backend or f"file://{_folder(backend_folder())}{_NO_SIDECARS}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase_file or _lab_passphrase()),
        # Nothing is asked of, sent to or downloaded from anybody's service.
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
        "PULUMI_SUPPRESS_NEO_LINK": "true",
    }
    if not pulumi.installed:
        env["PULUMI_HOME"] = str(_folder(lab_dir() / "pulumi-home"))
    return env


def backend_folder() -> Path:
    """Where the lab's file backend keeps its state."""
    return lab_dir() / "pulumi"


def run(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    timeout: float | None = None,
    on_line: Callable[[str], None] = lambda line: None,
) -> subprocess.CompletedProcess[str]:
    """Run `pulumi ARGUMENTS` in `cwd` and return its output; `on_line` sees each line of both streams as it comes.

    Past `timeout` seconds, as at Ctrl-C, Pulumi is asked to cancel, so that it ends what it has begun and writes its
    state. Raises OperationError on a timeout; what an exit code other than 0 means, the caller knows.
    """
    executable = shutil.which("pulumi", path=env["PATH"])
    if executable is None:
        raise OperationError("pulumi is not on the PATH of the environment given; make that with environment()")
    command = [executable, *arguments, "--non-interactive"]
    process = subprocess.Popen(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    output, errors = _Lines(process.stdout, on_line), _Lines(process.stderr, on_line)
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        _wait_or_kill(process)
        raise OperationError(f"pulumi {' '.join(arguments)}: not done after {timeout:.0f} s; cancelled") from None
    except KeyboardInterrupt:
        _wait_or_kill(process)  # The terminal has sent SIGINT to Pulumi too.
        raise
    return subprocess.CompletedProcess(command, process.returncode, output.text(), errors.text())


class _Lines:
    """Reads a stream to its end on a thread of its own, line by line."""

    def __init__(self, stream: IO[str] | None, on_line: Callable[[str], None]) -> None:
        self._lines: list[str] = []
        self._thread = threading.Thread(target=self._read, args=(stream, on_line), daemon=True)
        self._thread.start()

    def _read(self, stream: IO[str] | None, on_line: Callable[[str], None]) -> None:
        for line in stream or ():
            self._lines.append(line)
            on_line(line.rstrip("\n"))

    def text(self) -> str:
        self._thread.join()
        return "".join(self._lines)


def _wait_or_kill(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(SECONDS_TO_CANCEL)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _with_language_host(executable: Path) -> Path:
    """Refuse an installation that cannot run Python programs, with a line that says so."""
    beside = executable.resolve().parent / LANGUAGE_HOST
    if shutil.which(beside) or shutil.which(LANGUAGE_HOST):
        return executable
    raise OperationError(
        f"{executable}: this Pulumi has no {LANGUAGE_HOST} beside it or on PATH; install Pulumi whole, "
        "or take it off PATH to use the engine's own"
    )


def _path_with(*folders: Path) -> str:
    """PATH with `folders` in front, the last one foremost; what is on PATH already keeps its place."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    for folder in folders:
        if str(folder) not in entries:
            entries.insert(0, str(folder))
    return os.pathsep.join(entries)


def _lab_passphrase() -> Path:
    """The file with the passphrase of the lab's stacks, made on first use."""
    path = lab_dir() / "pulumi-passphrase"
    if not path.exists():
        durable.write_once(path, secrets.token_urlsafe(32).encode())
    return path


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
