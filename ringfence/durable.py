"""Files that are there whole or not at all, whatever kills the process that writes them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Make or replace the file ``path``."""
    with _unfinished(path, content, mode) as unfinished:
        unfinished.replace(path)


def write_once(path: Path, content: bytes, mode: int = 0o600) -> bool:
    """Write a new file and return True; where ``path`` exists, leave it as it is and return False.

    Of two processes that write at once, one wins and the other is told so. The folder is made (0700) where it lacks.
    """
    if path.exists():
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _unfinished(path, content, mode) as unfinished:
        try:
            # A hard link, unlike a rename, never replaces what another process has put there meanwhile.
            os.link(unfinished, path)
        except FileExistsError:
            return False
    return True


@contextmanager
def _unfinished(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    """The content, safe on the disk under a name that no other process uses; its folder is synced at the end."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, mode)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        yield unfinished
        _sync_folder(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
