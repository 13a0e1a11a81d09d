"""Files that are there whole or not at all, whenever the process or the machine stops."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def write(path: Path, text: str, mode: int) -> None:
    """Make or replace the file `path`."""
    with _unfinished(path, text, mode) as unfinished:
        unfinished.replace(path)


def write_once(path: Path, text: str, mode: int) -> None:
    """Make the file `path` unless it is there; of several processes at once the first one wins."""
    with _unfinished(path, text, mode) as unfinished, contextlib.suppress(FileExistsError):
        os.link(unfinished, path)


@contextlib.contextmanager
def _unfinished(path: Path, text: str, mode: int) -> Iterator[Path]:
    """The text, safe on the disk under a name of this process's own."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        yield unfinished
    finally:
        unfinished.unlink(missing_ok=True)
