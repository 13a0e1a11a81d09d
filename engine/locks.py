"""One process at a time: a lock that the kernel releases when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.progress import Say, step


@contextmanager
def exclusive(path: Path, what: str, say: Say) -> Iterator[int]:
    """Hold the lock file `path` while `what` is done, waiting for its present holder and saying so.

    Yields the lock's file descriptor: a child process that inherits it keeps the lock when its parent is killed.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step(f"waiting for another process: {what}", say):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
