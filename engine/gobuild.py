"""Builds one Go command, once, from a committed go.mod and go.sum: the Pulumi CLI and the lab's servers."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from engine.locks import exclusive
from engine.paths import cache_dir
from engine.progress import Say, step
from ringfence.errors import OperationError

LINES_SHOWN = 12


@dataclass(frozen=True)
class GoTool:
    """A command in the Go module ecosystem, pinned by the go.mod and go.sum in `module_dir`."""

    name: str
    version: str
    package: str
    """Import path of the command, as in `go build PACKAGE`."""
    module_dir: Path
    linker_flags: tuple[str, ...] = ()
    """What `-ldflags` gets, for commands that learn their own version from it (`-X path.Version=…`)."""


def build(tool: GoTool, say: Say) -> Path:
    """Build `tool` unless the cache has it, and return the executable's path.

    May run in several processes at once, and be killed at any point: the executable appears whole or not at all.
    Raises OperationError with the compiler's last lines and the log's path.
    """
    folder = cache_dir() / "go" / f"{tool.name}-{tool.version}-{_digest(tool)}"
    executable = folder / tool.name
    if executable.exists():
        return executable
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with exclusive(folder / "lock", f"build of {tool.name}", say) as lock:
        if not executable.exists():
            with step(f"building {tool.name} {tool.version} from its Go module", say):
                _compile(tool, executable, lock)
    return executable


def module_folder(tool: GoTool, module: str) -> Path:
    """The folder in Go's module cache that holds `module` at the version that `tool` pins; downloads it if need be."""
    go = _go()
    environment = _environment()
    for command in ([go, "mod", "download", module], [go, "list", "-m", "-f", "{{.Dir}}", module]):
        answer = subprocess.run(command, cwd=tool.module_dir, env=environment, capture_output=True, text=True)
        if answer.returncode != 0:
            raise OperationError(f"{' '.join(command)} failed in {tool.module_dir}: {answer.stderr.strip()}")
    return Path(answer.stdout.strip())


def _digest(tool: GoTool) -> str:
    """Everything that decides what comes out, so that a changed pin never meets an old executable."""
    content = hashlib.sha256()
    for name in ("go.mod", "go.sum"):
        content.update((tool.module_dir / name).read_bytes() + b"\0")
    content.update("\0".join((tool.package, *tool.linker_flags)).encode())
    return content.hexdigest()[:12]


def _compile(tool: GoTool, executable: Path, lock: int) -> None:
    log = executable.parent / "build.log"
    unfinished = executable.with_name(f".{tool.name}.unfinished")
    unfinished.unlink(missing_ok=True)  # `go build` refuses to overwrite what a killed linker wrote.
    command = [_go(), "build", "-trimpath", "-buildvcs=false", f"-ldflags={' '.join(tool.linker_flags)}"]
    command += ["-o", str(unfinished), tool.package]
    with log.open("wb") as output:
        # The compiler inherits the lock: where only its parent is killed, the next build waits for the orphan,
        # instead of writing the same file beside it.
        finished = subprocess.run(
            command,
            cwd=tool.module_dir,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(lock,),
        )
    if finished.returncode != 0:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-LINES_SHOWN:])
        raise OperationError(f"building {tool.name} {tool.version} failed (log: {log}):\n{last}")
    _publish(unfinished, executable)


def _publish(unfinished: Path, executable: Path) -> None:
    """Give the finished file its name only when its bytes are on the disk: a name that exists is a whole file."""
    with unfinished.open("rb") as written:
        os.fsync(written.fileno())
    unfinished.replace(executable)


def _go() -> str:
    go = shutil.which("go")
    if go is None:
        raise OperationError("go is not on PATH: install Go 1.26 or later (https://go.dev/doc/install)")
    return go


def _environment() -> dict[str, str]:
    """The user's environment (GOPROXY, GOMODCACHE, GOCACHE are theirs), with what makes a build repeatable."""
    return {**os.environ, "GOFLAGS": "-mod=readonly", "CGO_ENABLED": "0", "GOWORK": "off"}
