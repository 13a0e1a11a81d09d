"""Child processes of the language host: none outlives the call that it was started for."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def child(
    command: Sequence[str | Path], *, cwd: str, env: Mapping[str, str], output: int | None = None
) -> AsyncIterator[Process]:
    """Run `command`; its output goes where the host's own goes, or to pipes where `output` is PIPE.

    A call that the engine cancels kills the process at once, as the engine's own plugins are killed: whatever a
    provider does has to survive that anyway.
    """
    process = await asyncio.create_subprocess_exec(*command, cwd=cwd, env=env, stdin=DEVNULL, stdout=output, stderr=output)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()


def as_shell(code: int) -> int:
    """A process's exit code as a shell counts it: 128 and the signal's number where a signal ended it."""
    return code if code >= 0 else 128 - code
